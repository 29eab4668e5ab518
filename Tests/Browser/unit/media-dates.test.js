import { MediaDates } from "/assets/media-dates.js";
import { equal, test } from "./harness.js";

test("a place within a part has the date of its first sample and what was heard since", () => {
    const dates = new MediaDates();
    dates.add({ start: 0, end: 0.192, date: 5000 });
    dates.add({ start: 0.192, end: 0.384, date: 9000 });
    equal([dates.dateAt(0.1), dates.dateAt(0.292), dates.dateAt(-1), dates.dateAt(9)], [5100, 9100, null, null]);
});

test("a part that replaces another one replaces its date", () => {
    const dates = new MediaDates();
    dates.add({ start: 0, end: 0.192, date: 5000 });
    dates.add({ start: 0, end: 0.192, date: 7000 });
    equal(dates.dateAt(0), 7000);
});
