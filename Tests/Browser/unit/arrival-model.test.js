import { ArrivalModel } from "/assets/arrival-model.js";
import { equal, near, test } from "./harness.js";

function filled(lateness, count = 100) {
    const model = new ArrivalModel();
    for (let index = 0; index < count; index += 1) {
        const mediaEnd = (index + 1) * 0.192;
        const arrivedAt = 1000 + mediaEnd + lateness(index);
        model.add({ requestedAt: arrivedAt - 0.19, arrivedAt, mediaEnd });
    }
    return model;
}

test("nothing is known before the first part", () => {
    const model = new ArrivalModel();
    equal([model.base, model.edge(5)], [null, null]);
});

test("punctual parts have no jitter and a live edge that moves with the clock", () => {
    const model = filled(() => 0.03);
    near(model.jitter(), 0, 1e-9);
    near(model.edge(1019.2 + 0.03), 19.2, 1e-6);
});

test("jitter is the 95th percentile of the lateness", () => {
    near(filled((index) => (index % 10 === 0 ? 0.12 : 0.01)).jitter(), 0.11, 0.001);
    near(filled((index) => (index % 50 === 0 ? 0.5 : 0.01)).jitter(), 0, 0.001);
});

test("parts that waited for us are no jitter", () => {
    const model = filled(() => 0);
    for (let index = 0; index < 20; index += 1) {
        const mediaEnd = 19.2 + (index + 1) * 0.192;
        model.add({ requestedAt: 1030 + index * 0.01, arrivedAt: 1030 + index * 0.01 + 0.005, mediaEnd });
    }
    near(model.jitter(), 0, 0.001);
    const listed = new ArrivalModel();
    for (let index = 0; index < 6; index += 1) {
        listed.add({ requestedAt: 1000, arrivedAt: 1000.01, mediaEnd: index * 0.192, listed: true });
    }
    near(listed.jitter(0.08), 0.08, 1e-9);
});

test("parts that came early at the beginning are soon forgotten", () => {
    const model = new ArrivalModel();
    model.add({ requestedAt: 1000, arrivedAt: 1000.005, mediaEnd: 0, listed: true });
    for (let index = 0; index < 60; index += 1) {
        const mediaEnd = (index + 1) * 0.192;
        const arrivedAt = 1000 + mediaEnd + (index < 6 ? 0 : 0.3);
        model.add({ requestedAt: arrivedAt - 0.18, arrivedAt, mediaEnd });
    }
    near(model.base, 1000.3, 1e-6);
    near(model.jitter(), 0, 1e-6);
});

test("a way that became longer is the new measure after the window", () => {
    const model = filled((index) => (index < 100 ? 0 : 0.2), 400);
    near(model.base, 1000.2, 1e-6);
    near(model.jitter(), 0, 1e-6);
});
