import NIOCore

extension ByteBuffer {
    /// Writes a value as AMF0; `opaque` has no content of its own and is written as undefined.
    mutating func writeAMF0(_ value: AMFValue) {
        switch value {
        case .number(let number):
            writeInteger(UInt8(0))
            writeInteger(number.bitPattern)
        case .boolean(let flag): writeMultipleIntegers(UInt8(1), UInt8(flag ? 1 : 0))
        case .string(let text): writeAMF0String(text)
        case .object(let object):
            writeInteger(UInt8(3))
            for property in object.properties {
                writeAMF0Name(property.name)
                writeAMF0(property.value)
            }
            writeMultipleIntegers(UInt16(0), UInt8(9))
        case .array(let values):
            writeInteger(UInt8(10))
            writeInteger(UInt32(values.count))
            for value in values { writeAMF0(value) }
        case .null: writeInteger(UInt8(5))
        case .undefined, .opaque: writeInteger(UInt8(6))
        }
    }

    private mutating func writeAMF0String(_ text: String) {
        let count = text.utf8.count
        if count <= Int(UInt16.max) {
            writeMultipleIntegers(UInt8(2), UInt16(count))
        } else {
            writeMultipleIntegers(UInt8(12), UInt32(count))
        }
        writeString(text)
    }

    private mutating func writeAMF0Name(_ name: String) {
        let utf8 = name.utf8.prefix(Int(UInt16.max))
        writeInteger(UInt16(utf8.count))
        writeBytes(utf8)
    }
}
