// Says beside office hours whether it is office hours now, by the county's clock. Without it, the hours stand alone.
"use strict";
(() => {
  const line = document.querySelector("[data-spans]");
  const { zone, spans, open, shut, days } = line.dataset;
  const week = ["Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"];
  const clock = new Intl.DateTimeFormat("en", {
    timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });

  // All openings of a week as minutes since its beginning: [from, to].
  const openings = spans.split(",").flatMap((span) => {
    const [range, from, to] = span.split(/[ ]|(?<=:\d\d)-/);
    const [first, last = first] = range.split("-").map((day) => week.indexOf(day));
    const number = (last - first + 7) % 7 + 1;
    return Array.from({ length: number }, (_, step) => {
      const midnight = (first + step) % 7 * 1440;
      return [midnight + minutes(from), midnight + minutes(to)];
    });
  }).sort((a, b) => a[0] - b[0]);

  function minutes(time) {
    const [hour, minute] = time.split(":").map(Number);
    return hour * 60 + minute;
  }

  function time(moment) {
    const minute = moment % 1440;
    return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
  }

  function show() {
    const parts = Object.fromEntries(clock.formatToParts(new Date()).map(({ type, value }) => [type, value]));
    const now = week.indexOf(parts.weekday.slice(0, 2)) * 1440 + minutes(`${parts.hour}:${parts.minute}`);
    const current = openings.find(([from, to]) => from <= now && now < to);
    const [next] = openings.find(([from]) => from > now) ?? openings[0];
    line.textContent = current
      ? open.replace("{time}", time(current[1]))
      : shut.replace("{day}", days.split(" ")[Math.floor(next / 1440)]).replace("{time}", time(next));
    line.classList.toggle("is-open", Boolean(current));
  }

  show();
  setInterval(show, 60000);
})();
