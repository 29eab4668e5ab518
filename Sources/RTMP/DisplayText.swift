extension String {
    /// The text as one line that is safe in logs and pages: without control characters and marks that change the
    /// direction of writing, without space at its ends, cut at `maximumCount` Unicode scalars.
    func displayText(maximumCount: Int) -> String {
        var scalars = String.UnicodeScalarView()
        var pendingSpace = false
        var count = 0
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .format, .privateUse, .surrogate, .unassigned: continue
            case .control, .spaceSeparator, .lineSeparator, .paragraphSeparator: pendingSpace = count > 0
            default:
                guard count < maximumCount else { return String(scalars) }
                if pendingSpace { scalars.append(" ") }
                pendingSpace = false
                scalars.append(scalar)
                count += 1
            }
        }
        return String(scalars)
    }
}
