"""The test signal, and where a decoded copy of it differs from it."""

import numpy

# Where the lag of a copy is looked for, in windows of this length.
WINDOW_SECONDS = 0.25
# The lag of two windows differs when their estimates are further apart than this. A copy that lies between two
# samples (after resampling) stays below, a slip of one sample lies above.
SLIP_SAMPLES = 0.6
# A window whose best match in the reference is worse than this correlation has no match.
MATCH_CORRELATION = 0.5


def make(seconds, rate, channels, seed, level_db=-12.0):
    """Noise up to 7 kHz and a tone that wanders without repeating, peak at `level_db`.

    The noise tells every sample from its neighbours; a codec of 64 kbit/s and a resampler keep what lies below
    7 kHz. Each channel has its own noise and tone, so that exchanged channels are seen.
    """
    count = round(seconds * rate)
    length = max(1, count)
    signal = numpy.zeros((count, channels))
    for channel in range(channels):
        random = numpy.random.default_rng([seed, channel])
        spectrum = numpy.fft.rfft(random.standard_normal(length))
        frequencies = numpy.fft.rfftfreq(length, 1 / rate)
        weight = numpy.where((frequencies > 80) & (frequencies < 7000), 1 / numpy.sqrt(1 + frequencies / 500), 0)
        noise = numpy.fft.irfft(spectrum * weight, length)[:count]
        # Turning points of the tone's frequency, two a second, on a scale that ears hear as even.
        times = numpy.arange(0, seconds + 1, 0.5)
        turning_points = numpy.exp(random.uniform(numpy.log(200), numpy.log(6000), len(times)))
        frequency = numpy.interp(numpy.arange(count) / rate, times, turning_points)
        tone = numpy.sin(2 * numpy.pi * numpy.cumsum(frequency) / rate)
        if count:
            signal[:, channel] = noise / numpy.std(noise) + 1.2 * tone
    peak = numpy.abs(signal).max(initial=0)
    return signal * (10 ** (level_db / 20) / peak) if peak else signal


def compare(reference, decoded, rate):
    """Aligns `decoded` with `reference` window by window; returns a dictionary, see compare-signal.py.

    A lag is a position in `decoded` less the position in `reference` of the same sound.
    """
    channels = min(reference.shape[1], decoded.shape[1])
    if reference.shape[1] != decoded.shape[1]:
        reference, decoded, channels = _mixed(reference), _mixed(decoded), 1
    window = round(WINDOW_SECONDS * rate)
    # Channels of different weight: in an even mix, exchanged channels would look the same.
    weights = 0.7 ** numpy.arange(channels)
    whole = reference[:, :channels] @ weights
    copy = decoded[:, :channels] @ weights
    matches, unmatched = _match_windows(whole, copy, window)
    result = {
        "rate": rate,
        "referenceSamples": len(reference),
        "decodedSamples": len(decoded),
        "lengthDifferenceSamples": len(decoded) - len(reference),
        "matchedWindows": len(matches),
        "unmatchedSeconds": [[round(start / rate, 3), round(end / rate, 3)] for start, end in unmatched],
    }
    if not matches:
        return result
    runs = _runs(matches, whole, copy, window)
    changes = [
        {
            "kind": "dropped" if later["lag"] < earlier["lag"] else "inserted",
            "samples": abs(later["lag"] - earlier["lag"]),
            "decodedSample": later["start"],
            "seconds": round(later["start"] / rate, 4),
        }
        for earlier, later in zip(runs, runs[1:])
    ]
    result |= {
        "firstLagSamples": runs[0]["lag"],
        "lastLagSamples": runs[-1]["lag"],
        "maxLagChangeSamples": max([change["samples"] for change in changes], default=0),
        "droppedOrRepeated": changes,
    }
    return result | _noise(reference, decoded, channels, runs, unmatched, window, rate)


def _mixed(samples):
    return samples.mean(axis=1, keepdims=True)


def _match_windows(whole, copy, window):
    """Lag estimates [(start, lag)] of all windows that have one, and the stretches [(start, end)] that have none."""
    matches, unmatched = [], []
    lag = None
    for start in range(0, max(1, len(copy) - window // 2), window):
        piece = copy[start : start + window]
        estimate = None
        if lag is not None:
            near = round(start - lag)
            estimate = _locate(piece, whole, near - window, near + 2 * window)
        if estimate is None:
            estimate = _locate(piece, whole, -window, len(whole) + window)
        if estimate is None:
            if unmatched and unmatched[-1][1] == start:
                unmatched[-1] = (unmatched[-1][0], start + len(piece))
            else:
                unmatched.append((start, start + len(piece)))
        else:
            lag = start - estimate
            matches.append((start, lag))
    return matches, unmatched


def _locate(piece, whole, low, high):
    """Where in `whole`, between `low` and `high`, `piece` lies, to a fraction of a sample; None if nowhere."""
    energy = numpy.sum(piece**2)
    # Also where `piece` begins before the reference does or ends behind it.
    padding = len(piece)
    low, high = max(low, -padding), min(high, len(whole) + padding)
    stretch = whole[max(low, 0) : max(high, 0)]
    stretch = numpy.pad(stretch, (max(0, -low), max(0, high - len(whole))))
    if energy < 1e-9 * len(piece) or len(stretch) < len(piece):
        return None
    size = 1 << (len(stretch) + len(piece)).bit_length()
    product = numpy.fft.rfft(stretch, size) * numpy.conj(numpy.fft.rfft(piece, size))
    correlation = numpy.fft.irfft(product, size)[: len(stretch) - len(piece) + 1]
    sums = numpy.concatenate([[0], numpy.cumsum(stretch**2)])
    energies = sums[len(piece) :] - sums[: len(sums) - len(piece)]
    # Where the stretch is all but silent a quotient of two small numbers would mean nothing.
    floor = max(1e-12, energies.max() * 0.02)
    normalised = correlation / numpy.sqrt(numpy.maximum(energies, floor) * energy)
    best = int(numpy.argmax(normalised))
    if normalised[best] < MATCH_CORRELATION:
        return None
    fraction = 0.0
    if 0 < best < len(normalised) - 1:
        left, middle, right = normalised[best - 1 : best + 2]
        bend = left - 2 * middle + right
        fraction = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return low + best + fraction


def _runs(matches, whole, copy, window):
    """Stretches of one lag: [{start, lag}], the starts found to the sample where a stretch follows another."""
    groups = []
    for start, lag in matches:
        # Against the group's mean, which a chain of small steps does not carry along.
        if groups and abs(lag - numpy.mean([member[1] for member in groups[-1]])) < SLIP_SAMPLES:
            groups[-1].append((start, lag))
        else:
            groups.append([(start, lag)])
    runs = []
    for group in groups:
        lag = round(float(numpy.median([member[1] for member in group])))
        start = group[0][0]
        if runs and runs[-1]["lag"] == lag:
            continue
        if runs:
            start = _seam(whole, copy, runs[-1]["lag"], lag, start - window, start + window)
        runs.append({"start": start, "lag": lag})
    return runs


def _seam(whole, copy, earlier, later, low, high):
    """The sample from which on the copy follows the reference with the later lag instead of the earlier one."""
    low, high = max(0, low), min(high, len(copy))
    positions = numpy.arange(low, high)

    def error(lag):
        source = positions - lag
        inside = (source >= 0) & (source < len(whole))
        expected = numpy.where(inside, whole[numpy.clip(source, 0, len(whole) - 1)], 0)
        return numpy.cumsum((copy[low:high] - expected) ** 2)

    before, after = error(earlier), error(later)
    return low + int(numpy.argmin(before - after + after[-1])) + 1


def _noise(reference, decoded, channels, runs, unmatched, window, rate):
    """How far the aligned copy is from the reference: overall, in the worst window, and its gain."""
    signal_energy = numpy.zeros(channels)
    noise_energy = numpy.zeros(channels)
    product = 0.0
    worst, worst_start = numpy.inf, None
    ends = [run["start"] for run in runs[1:]] + [len(decoded)]
    for run, end in zip(runs, ends):
        low = max(run["start"], run["lag"], 0)
        high = min(end, len(reference) + run["lag"])
        for start in range(low, high, window):
            stop = min(start + window, high)
            if any(start < gap_end and gap_start < stop for gap_start, gap_end in unmatched):
                continue
            expected = reference[start - run["lag"] : stop - run["lag"], :channels]
            found = decoded[start:stop, :channels]
            signals = numpy.sum(expected**2, axis=0)
            noises = numpy.sum((found - expected) ** 2, axis=0)
            signal_energy += signals
            noise_energy += noises
            product += float(numpy.sum(expected * found))
            # A remnant of a few samples would make a ratio of chance.
            if stop - start >= window // 4:
                ratio = float(_decibels(signals, noises).min())
                if ratio < worst:
                    worst, worst_start = ratio, start
    total = float(signal_energy.sum())
    return {
        "snrDb": round(float(_decibels(signal_energy, noise_energy).min()), 2),
        "worstWindowSnrDb": None if worst_start is None else round(worst, 2),
        "worstWindowSeconds": None if worst_start is None else round(worst_start / rate, 3),
        "gainDb": round(20 * numpy.log10(product / total), 3) if product > 0 and total > 0 else None,
    }


def _decibels(signal, noise):
    # Beyond 200 dB lies only the rounding of the arithmetic.
    return 10 * numpy.log10(numpy.maximum(signal, 1e-30) / numpy.maximum(noise, numpy.maximum(signal, 1e-30) * 1e-20))
