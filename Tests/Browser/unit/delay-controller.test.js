import { DelayController } from "/assets/delay-controller.js";
import { check, equal, near, test } from "./harness.js";

/** Lets a listener play for `seconds` from a delay; seeks as the player does → {delay, seeks, rates}. */
function simulate(controller, { delay, seconds, interrupted = false }) {
    let seeks = 0;
    const rates = [];
    for (let now = 0; now < seconds; now += 0.1) {
        if (controller.wantsSeek(delay, { interrupted })) {
            delay = controller.target;
            seeks += 1;
        }
        interrupted = false;
        const rate = controller.rate(delay, now);
        rates.push(rate);
        delay -= (rate - 1) * 0.1;
    }
    return { delay, seeks, rates };
}

test("the target is a part, jitter and the renderer's reserve, never below 0.25 s", () => {
    const controller = new DelayController();
    controller.measure({ partSeconds: 0.192, jitter: 0.02 });
    near(controller.target, 0.342, 1e-9);
    controller.measure({ partSeconds: 0.05, jitter: 0 });
    near(controller.target, 0.25, 1e-9);
    controller.measure({ partSeconds: 1.92, jitter: 0.1 });
    check(controller.target > 2, "segments need a longer delay");
});

test("steady is three parts behind, and more where the way needs it", () => {
    const controller = new DelayController();
    controller.steady = true;
    controller.measure({ partSeconds: 0.192, jitter: 0.02 });
    near(controller.target, 0.576, 1e-9);
    controller.stalled();
    near(controller.target, 0.676, 1e-9);
    controller.measure({ partSeconds: 0.192, jitter: 0.5 });
    near(controller.target, 0.922, 1e-9);
});

test("the rate stays within 0.97 and 1.05 and is 1 at the target", () => {
    const controller = new DelayController();
    equal(controller.rate(controller.target, 0), 1);
    equal(controller.rate(controller.target + 1.5, 0.1), 1.05);
    equal(controller.rate(controller.target - 0.5, 0.2), 0.97);
});

test("a second too much is gone within 20 s, without a seek", () => {
    const controller = new DelayController();
    const end = simulate(controller, { delay: controller.target + 0.9, seconds: 20 });
    equal(end.seeks, 0);
    near(end.delay, controller.target, 0.08);
});

test("too little is won back by playing slower", () => {
    const controller = new DelayController();
    const end = simulate(controller, { delay: controller.target - 0.1, seconds: 10 });
    near(end.delay, controller.target, 0.045);
});

test("more than 2 s behind is jumped over, and after an interruption more than 1 s above the target", () => {
    const controller = new DelayController();
    equal(simulate(controller, { delay: 1.9, seconds: 1 }).seeks, 0);
    equal(simulate(controller, { delay: 2.1, seconds: 1 }).seeks, 1);
    equal(simulate(controller, { delay: controller.target + 1.1, seconds: 1, interrupted: true }).seeks, 1);
});

test("a stall adds 0.1 s, which goes away over minutes", () => {
    const controller = new DelayController();
    const before = controller.target;
    controller.rate(1, 0);
    controller.stalled();
    near(controller.target, before + 0.1, 1e-9);
    for (let now = 1; now <= 60; now += 1) controller.rate(before, now);
    near(controller.target, before + 0.05, 0.01);
    for (let now = 61; now <= 130; now += 1) controller.rate(before, now);
    near(controller.target, before, 1e-6);
});

test("stalls without end do not raise the target without end", () => {
    const controller = new DelayController();
    for (let index = 0; index < 1000; index += 1) controller.stalled();
    check(controller.target < 2.6, `the target is ${controller.target}`);
});

test("small errors leave the rate alone", () => {
    const controller = new DelayController();
    equal(new Set(simulate(controller, { delay: controller.target + 0.03, seconds: 5 }).rates).size, 1);
});
