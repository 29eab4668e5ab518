internal import CRabbitMQ

/// Memory for the strings and tables of one method on its way to the library, which copies none of them.
///
/// Everything that comes from it is valid until ``recycle()``; the library has encoded a method when its call returns.
struct AMQPArena: ~Copyable {
    private var pool = amqp_pool_t()

    init() {
        init_amqp_pool(&pool, 4096)
    }

    deinit {
        var pool = pool
        empty_amqp_pool(&pool)
    }

    mutating func recycle() {
        recycle_amqp_pool(&pool)
    }

    mutating func bytes(_ text: String) -> amqp_bytes_t {
        var text = text
        return text.withUTF8 { utf8 in
            guard let source = utf8.baseAddress, let copy = amqp_pool_alloc(&pool, utf8.count) else {
                return amqp_bytes_t(len: 0, bytes: nil)
            }
            copy.copyMemory(from: source, byteCount: utf8.count)
            return amqp_bytes_t(len: utf8.count, bytes: copy)
        }
    }

    mutating func table(_ table: AMQPTable) -> amqp_table_t {
        let size = MemoryLayout<amqp_table_entry_t>.stride * table.count
        guard size > 0, let memory = amqp_pool_alloc(&pool, size) else {
            return amqp_table_t(num_entries: 0, entries: nil)
        }
        let entries = memory.bindMemory(to: amqp_table_entry_t.self, capacity: table.count)
        for (index, (key, value)) in table.enumerated() {
            (entries + index).initialize(to: amqp_table_entry_t(key: bytes(key), value: self.value(value)))
        }
        return amqp_table_t(num_entries: Int32(table.count), entries: entries)
    }

    private mutating func value(_ value: AMQPValue) -> amqp_field_value_t {
        var field = amqp_field_value_t()
        switch value {
        case .flag(let flag):
            field.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            field.value.boolean = flag ? 1 : 0
        case .number(let number):
            field.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
            field.value.i64 = number
        case .text(let text):
            field.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            field.value.bytes = bytes(text)
        case .table(let entries):
            field.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
            field.value.table = table(entries)
        }
        return field
    }
}
