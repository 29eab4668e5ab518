"""Each kind of damage that end-to-end tests look for must be seen by compare-signal, and no other."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy

import signal_model
import wave_file

RATE = 48000
HERE = pathlib.Path(__file__).parent


def compare(decoded, reference=None, rate=RATE):
    return signal_model.compare(SIGNAL if reference is None else reference, decoded, rate)


SIGNAL = signal_model.make(8, RATE, 2, seed=7)


class Signal(unittest.TestCase):
    def test_level_and_repeatability(self):
        self.assertAlmostEqual(20 * numpy.log10(numpy.abs(SIGNAL).max()), -12, places=6)
        self.assertTrue(numpy.array_equal(SIGNAL, signal_model.make(8, RATE, 2, seed=7)))
        self.assertFalse(numpy.array_equal(SIGNAL, signal_model.make(8, RATE, 2, seed=8)))

    def test_no_stretch_resembles_another(self):
        piece = SIGNAL[RATE : RATE + 2400, 0]
        elsewhere = SIGNAL[:, 0].copy()
        elsewhere[RATE - 1 : RATE + 2401] = 0
        self.assertIsNone(signal_model._locate(piece, elsewhere, 0, len(elsewhere)))


class Comparison(unittest.TestCase):
    def assert_changes(self, result, expected):
        found = [(change["kind"], change["samples"]) for change in result["droppedOrRepeated"]]
        self.assertEqual(found, expected, result)
        self.assertEqual(result["maxLagChangeSamples"], max([samples for _, samples in expected], default=0))

    def test_identical(self):
        result = compare(SIGNAL)
        self.assert_changes(result, [])
        self.assertEqual(result["firstLagSamples"], 0)
        self.assertEqual(result["lengthDifferenceSamples"], 0)
        self.assertEqual(result["unmatchedSeconds"], [])
        self.assertGreater(result["worstWindowSnrDb"], 150)

    def test_delay_and_late_start(self):
        for lag in (1, 777, 96_000):
            result = compare(numpy.concatenate([numpy.zeros((lag, 2)), SIGNAL]))
            self.assertEqual(result["firstLagSamples"], lag)
            self.assert_changes(result, [])
        result = compare(SIGNAL[12_345:])
        self.assertEqual(result["firstLagSamples"], -12_345)
        self.assertEqual(result["lengthDifferenceSamples"], -12_345)
        self.assert_changes(result, [])

    def test_dropped_samples(self):
        for count in (1, 2, 100, 1024, 9216, 48_000):
            for position in (96_000, 130_001):
                with self.subTest(count=count, position=position):
                    result = compare(numpy.delete(SIGNAL, slice(position, position + count), axis=0))
                    self.assert_changes(result, [("dropped", count)])
                    self.assertLess(abs(result["droppedOrRepeated"][0]["decodedSample"] - position), 200)

    def test_repeated_samples(self):
        for count in (1, 100, 1024):
            for position in (96_000, 130_001):
                with self.subTest(count=count, position=position):
                    again = SIGNAL[position - count : position]
                    result = compare(numpy.insert(SIGNAL, [position] * count, again, axis=0))
                    self.assert_changes(result, [("inserted", count)])
                    self.assertLess(abs(result["droppedOrRepeated"][0]["decodedSample"] - position), 1300)

    def test_several_changes(self):
        damaged = numpy.delete(SIGNAL, slice(300_000, 300_001), axis=0)
        damaged = numpy.insert(damaged, [200_000] * 48, 0, axis=0)
        damaged = numpy.delete(damaged, slice(70_000, 71_024), axis=0)
        self.assert_changes(compare(damaged), [("dropped", 1024), ("inserted", 48), ("dropped", 1)])

    def test_silence_in_the_middle(self):
        damaged = SIGNAL.copy()
        damaged[96_000:192_000] = 0
        result = compare(damaged)
        self.assert_changes(result, [])
        self.assertEqual(result["unmatchedSeconds"], [[2.0, 4.0]])

    def test_foreign_sound(self):
        result = compare(signal_model.make(4, RATE, 2, seed=99))
        self.assertEqual(result["matchedWindows"], 0)

    def test_a_click_lowers_the_worst_window(self):
        damaged = SIGNAL.copy()
        damaged[200_000:200_020] += 0.5
        result = compare(damaged)
        self.assert_changes(result, [])
        self.assertLess(result["worstWindowSnrDb"], 25)
        self.assertAlmostEqual(result["worstWindowSeconds"], 200_000 / RATE, delta=0.26)

    def test_exchanged_channels_and_gain(self):
        self.assertLess(compare(SIGNAL[:, ::-1])["snrDb"], 3)
        self.assertAlmostEqual(compare(SIGNAL * 0.5)["gainDb"], -6.02, places=1)

    def test_half_a_sample_is_no_slip(self):
        frequencies = numpy.fft.rfftfreq(len(SIGNAL))
        shift = numpy.exp(-2j * numpy.pi * frequencies * 0.5)[:, None]
        result = compare(numpy.fft.irfft(numpy.fft.rfft(SIGNAL, axis=0) * shift, len(SIGNAL), axis=0))
        self.assert_changes(result, [])

    def test_mono_copy(self):
        self.assert_changes(compare(SIGNAL.mean(axis=1, keepdims=True)), [])


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


class Tools(unittest.TestCase):
    def run_tool(self, *arguments):
        return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True)

    def test_coded_copies_pass(self):
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory)
            made = self.run_tool(HERE / "make-signal.py", folder / "a.wav", "--seconds", 6, "--seed", 3)
            self.assertEqual(made.returncode, 0, made.stderr)
            codings = {
                "aac128.m4a": (["-c:a", "aac", "-b:a", "128k"], 12),
                "aac64.m4a": (["-c:a", "aac", "-b:a", "64k"], 5),
                "opus96.ogg": (["-c:a", "libopus", "-b:a", "96k"], 5),
                "exact.flac": (["-c:a", "flac"], 150),
            }
            for name, (options, snr) in codings.items():
                with self.subTest(name):
                    ffmpeg("-i", folder / "a.wav", *options, folder / name)
                    ffmpeg("-i", folder / name, "-c:a", "pcm_f32le", folder / "b.wav")
                    compared = self.run_tool(HERE / "compare-signal.py", folder / "a.wav", folder / "b.wav")
                    self.assertEqual(compared.returncode, 0, compared.stderr)
                    result = json.loads(compared.stdout)
                    self.assertEqual(result["maxLagChangeSamples"], 0, result)
                    self.assertEqual(result["unmatchedSeconds"], [], result)
                    self.assertGreater(result["snrDb"], snr, result)

    def test_a_slip_is_seen_through_the_codec(self):
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory)
            wave_file.write(folder / "a.wav", SIGNAL, RATE)
            wave_file.write(folder / "cut.wav", numpy.delete(SIGNAL, 200_000, axis=0), RATE)
            ffmpeg("-i", folder / "cut.wav", "-c:a", "aac", "-b:a", "128k", folder / "cut.m4a")
            ffmpeg("-i", folder / "cut.m4a", folder / "b.wav")
            compared = self.run_tool(HERE / "compare-signal.py", folder / "a.wav", folder / "b.wav")
            changes = json.loads(compared.stdout)["droppedOrRepeated"]
            self.assertEqual([(change["kind"], change["samples"]) for change in changes], [("dropped", 1)])

    def test_all_sample_formats_are_read(self):
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory)
            wave_file.write(folder / "a.wav", SIGNAL[:RATE], RATE)
            expected, _ = wave_file.read(folder / "a.wav")
            for codec in ("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"):
                with self.subTest(codec):
                    ffmpeg("-i", folder / "a.wav", "-c:a", codec, folder / "b.wav")
                    samples, rate = wave_file.read(folder / "b.wav")
                    self.assertEqual(rate, RATE)
                    self.assertTrue(numpy.allclose(samples, expected, atol=1e-7))

    def test_unusable_files_are_refused(self):
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory)
            wave_file.write(folder / "a.wav", SIGNAL[:RATE], RATE)
            wave_file.write(folder / "b.wav", SIGNAL[:RATE], 44100)
            (folder / "c.wav").write_bytes(b"RIFF")
            for other in ("b.wav", "c.wav", "nothing.wav"):
                compared = self.run_tool(HERE / "compare-signal.py", folder / "a.wav", folder / other)
                self.assertEqual(compared.returncode, 2)
                self.assertTrue(compared.stderr)


class Fixtures(unittest.TestCase):
    def test_every_file_holds_the_signal(self):
        files = sorted((HERE / "audio").iterdir())
        self.assertGreater(len(files), 15)
        for file in files:
            with self.subTest(file.name), tempfile.TemporaryDirectory() as directory:
                decoded_file = pathlib.Path(directory) / "decoded.wav"
                ffmpeg("-i", file, decoded_file)
                decoded, rate = wave_file.read(decoded_file)
                reference = signal_model.make(2.5, rate, decoded.shape[1], seed=1)
                result = compare(decoded, reference, rate)
                self.assertEqual(result["droppedOrRepeated"], [], result)
                # What a codec adds behind the end is nowhere in the signal.
                self.assertTrue(all(start >= 2.5 for start, _ in result["unmatchedSeconds"]), result)
                self.assertGreaterEqual(result["matchedWindows"], 3, result)

    def test_the_tune_is_whole(self):
        with tempfile.TemporaryDirectory() as directory:
            decoded_file = pathlib.Path(directory) / "tune.wav"
            ffmpeg("-i", HERE / "tune.opus", decoded_file)
            samples, rate = wave_file.read(decoded_file)
        self.assertEqual((len(samples), rate), (72 * 48000, 48000))
        self.assertLess(numpy.abs(samples).max(), 1)
        # The step from the last sample to the first is no larger than those around it.
        steps = numpy.abs(numpy.diff(numpy.concatenate([samples[-480:], samples[:480]]), axis=0))
        self.assertLess(steps[479].max(), 3 * steps.max(axis=1).mean() + 0.01)


if __name__ == "__main__":
    unittest.main()
