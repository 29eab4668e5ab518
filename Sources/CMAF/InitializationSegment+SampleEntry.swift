import NIOCore

extension InitializationSegment {
    /// AudioSampleEntry version 0 (ISO/IEC 14496-12 §12.2.3) with the box of the codec's set-up.
    func writeSampleEntry(into buffer: inout ByteBuffer) {
        switch format {
        case .aac(let configuration):
            // The field holds 16 bits; readers take the rate from the AudioSpecificConfig.
            let rate = UInt32(truncatingIfNeeded: min(configuration.sampleRate, 0xFFFF)) << 16
            buffer.writeSampleEntry("mp4a", channels: configuration.channels, bitsPerSample: 16, rate: rate) { entry in
                writeElementaryStreamDescriptor(configuration, into: &entry)
            }
        case .opus(let configuration):
            let channels = Int(configuration.channels)
            buffer.writeSampleEntry("Opus", channels: channels, bitsPerSample: 16, rate: 48_000 << 16) { entry in
                configuration.write(into: &entry)
            }
        case .flac(let streamInfo):
            buffer.writeSampleEntry(
                "fLaC",
                channels: streamInfo.channels,
                bitsPerSample: streamInfo.bitsPerSample,
                rate: streamInfo.sampleEntryRate
            ) { entry in
                streamInfo.write(into: &entry)
            }
        }
    }

    /// `esds` with descriptors 3, 4, 5, 6 (ISO/IEC 14496-1 §7.2.6). hls.js reads only this order.
    private func writeElementaryStreamDescriptor(
        _ configuration: AudioSpecificConfig,
        into buffer: inout ByteBuffer
    ) {
        // AudioSpecificConfig holds at most 64 bytes, so every length fits its one byte.
        let specificLength = UInt8(truncatingIfNeeded: configuration.bytes.count)
        let decoderLength = 13 + 2 + specificLength
        let streamLength = 3 + 2 + decoderLength + 3
        buffer.writeFullBox("esds") { esds in
            esds.writeMultipleIntegers(UInt8(3), streamLength, UInt16(0), UInt8(0))
            // Object type 0x40: MPEG-4 audio; stream type 5: audio; buffer size unknown.
            esds.writeMultipleIntegers(UInt8(4), decoderLength, UInt8(0x40), UInt8(0x15), UInt8(0), UInt16(0))
            esds.writeMultipleIntegers(bitRate, bitRate)
            esds.writeMultipleIntegers(UInt8(5), specificLength)
            esds.writeBytes(configuration.bytes)
            // SLConfigDescriptor, predefined value 2 for MP4.
            esds.writeMultipleIntegers(UInt8(6), UInt8(1), UInt8(2))
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeSampleEntry(
        _ type: FourCharacterCode,
        channels: Int,
        bitsPerSample: Int,
        rate: UInt32,
        _ body: (inout ByteBuffer) -> Void
    ) {
        writeBox(type) { entry in
            // Six reserved bytes, data reference 1, version 0 and eight reserved bytes.
            entry.writeMultipleIntegers(UInt32(0), UInt16(0), UInt16(1), UInt64(0))
            entry.writeMultipleIntegers(
                UInt16(truncatingIfNeeded: channels),
                UInt16(truncatingIfNeeded: bitsPerSample),
                UInt32(0),
                rate
            )
            body(&entry)
        }
    }
}
