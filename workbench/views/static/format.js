// Numbers as people read them. The Python side formats the same way (views/numbers.py).

/** Three significant digits without an exponent: 0.0123, 1.23, 12.3, 123. */
function three(value) {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** A duration given in nanoseconds: "1.23 s", "45.6 ms", "789 µs". */
export function formatTime(ns) {
  const size = Math.abs(ns);
  if (size === 0) return "0 s";
  if (size >= 60e9) {
    const whole = Math.round(size / 1e9);
    return `${ns < 0 ? "-" : ""}${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  if (size >= 1e9) return `${three(ns / 1e9)} s`;
  if (size >= 1e6) return `${three(ns / 1e6)} ms`;
  if (size >= 1e3) return `${three(ns / 1e3)} µs`;
  return `${size < 9.95 ? Number(ns.toPrecision(2)) : Math.round(ns)} ns`;
}

/** A share of a whole: "12.3 %", "<0.01 %". */
export function formatShare(part, whole) {
  if (!(whole > 0)) return "–";
  if (part === 0) return "0 %";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.01) return "<0.01 %";
  return `${percent >= 99.995 ? "100" : percent.toFixed(percent < 10 ? 2 : 1)} %`;
}

/** A count with thin spaces between thousands. */
export function formatCount(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** A count with its noun: "1 sample", "2 samples". */
export function formatNumberOf(count, noun) {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Bytes: "1.23 MB" (powers of ten). */
export function formatBytes(bytes) {
  const size = Math.abs(bytes);
  for (const [unit, from] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) if (size >= from) return `${three(bytes / from)} ${unit}`;
  return `${Math.round(bytes)} B`;
}

/** A weight in what the profile counts: "ns", "bytes" or "count". */
export function formatWeight(value, unit) {
  if (unit === "bytes") return formatBytes(value);
  if (unit === "count") return formatCount(Math.round(value));
  return formatTime(value);
}

/** The text, cut after so many characters; never within a surrogate pair. */
export function shorten(text, longest = 300) {
  if (text.length <= longest) return text;
  const last = text.charCodeAt(longest - 1);
  return `${text.slice(0, last >= 0xd800 && last < 0xdc00 ? longest - 1 : longest)}…`;
}
