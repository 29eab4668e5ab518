/// The beginning of a frame of AC-3 or E-AC-3 (ETSI TS 102 366 §4.4, §E.1.2).
struct AC3Header {
    let isEnhanced: Bool
    let sampleRate: Int
    let channels: Int

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 7, bytes[0] == 0x0B, bytes[1] == 0x77 else { return nil }
        isEnhanced = bytes[5] >> 3 > 10
        let rateCode = Int(bytes[4] >> 6)
        let rates = [48_000, 44_100, 32_000]
        let (mode, hasLowFrequency): (Int, Bool)
        if isEnhanced {
            let halfRateCode = Int(bytes[4] >> 4 & 3)
            guard rateCode < 3 || halfRateCode < 3 else { return nil }
            sampleRate = rateCode < 3 ? rates[rateCode] : rates[halfRateCode] / 2
            (mode, hasLowFrequency) = (Int(bytes[4] >> 1 & 7), bytes[4] & 1 == 1)
        } else {
            guard rateCode < 3 else { return nil }
            sampleRate = rates[rateCode]
            mode = Int(bytes[6] >> 5)
            // Down-mix hints lie between the mode and the flag.
            var offset = 3
            if mode & 1 == 1 && mode != 1 { offset += 2 }
            if mode & 4 != 0 { offset += 2 }
            if mode == 2 { offset += 2 }
            let bits = UInt16(bytes[6]) << 8 | UInt16(bytes.count > 7 ? bytes[7] : 0)
            hasLowFrequency = bits >> UInt16(15 - offset) & 1 == 1
        }
        channels = [2, 1, 2, 3, 3, 4, 4, 5][mode] + (hasLowFrequency ? 1 : 0)
    }
}
