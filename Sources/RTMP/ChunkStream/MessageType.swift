/// Types of RTMP messages that mean something to a server for publishers (RTMP 1.0 §5.4, §6.2, §7.1).
enum MessageType: UInt8, Sendable {
    case setChunkSize = 1
    case abort = 2
    case acknowledgement = 3
    case userControl = 4
    case windowAcknowledgementSize = 5
    case setPeerBandwidth = 6
    case audio = 8
    case video = 9
    case dataAMF3 = 15
    case commandAMF3 = 17
    case dataAMF0 = 18
    case commandAMF0 = 20
    case aggregate = 22
}
