import Foundation

func sine(_ phase: Float) -> Float { sin(phase) }
func logarithm10(_ value: Double) -> Double { log10(value) }
