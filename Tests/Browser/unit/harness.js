// Tests as a list of named functions; a failed expectation throws.

export const tests = [];

export function test(name, body) {
    tests.push({ name, body });
}

export function equal(actual, expected, what = "value") {
    const [left, right] = [actual, expected].map((value) => JSON.stringify(value));
    if (left !== right) throw new Error(`${what} is ${left}, expected ${right}`);
}

export function near(actual, expected, tolerance, what = "value") {
    if (!(Math.abs(actual - expected) <= tolerance)) throw new Error(`${what} is ${actual}, expected ${expected} ± ${tolerance}`);
}

export function check(condition, what) {
    if (!condition) throw new Error(what);
}

export function throws(body, what) {
    try {
        body();
    } catch {
        return;
    }
    throw new Error(`${what} did not throw`);
}
