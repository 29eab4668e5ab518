import Glibc

extension MetricsRegistry {
    /// Adds what Linux tells about this process: resident memory, processor time, open files, start.
    public func observeProcess() {
        observe("twitchy_process_resident_memory_bytes", .gauge, help: "Memory of the process that is in RAM.") {
            ProcessStatistics.residentMemoryBytes.map { [MetricSample(Double($0))] } ?? []
        }
        observe("twitchy_process_cpu_seconds_total", .counter, help: "Processor time, user and system.") {
            [MetricSample(ProcessStatistics.processorSeconds)]
        }
        observe("twitchy_process_open_descriptors", .gauge, help: "Open file descriptors.") {
            ProcessStatistics.openDescriptorCount.map { [MetricSample(Double($0))] } ?? []
        }
        observe("twitchy_process_start_time_seconds", .gauge, help: "When the process began, Unix time.") {
            ProcessStatistics.startTimeSeconds.map { [MetricSample($0)] } ?? []
        }
    }
}

/// Readings of `/proc/self` (proc(5)); nil where the file system is not there, as in some sandboxes.
enum ProcessStatistics {
    static var residentMemoryBytes: Int? {
        guard let pages = readFile("/proc/self/statm")?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    static var openDescriptorCount: Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Not counted are `.`, `..` and the descriptor that reads the directory.
        return count - 3
    }

    /// Unix time, to a tick of 10 ms.
    static var startTimeSeconds: Double? {
        // Field 22; the second one, the program's name in parentheses, may itself hold spaces and parentheses.
        guard
            let fields = readFile("/proc/self/stat")?.split(separator: ")").last?.split(separator: " "),
            fields.count > 19, let ticks = Double(fields[19]),
            let bootLine = readFile("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootTime = bootLine.split(separator: " ").last.flatMap({ Double($0) })
        else { return nil }
        return bootTime + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func readFile(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            contents.append(contentsOf: chunk[..<count])
        }
        return contents.isEmpty ? nil : String(decoding: contents, as: UTF8.self)
    }
}
