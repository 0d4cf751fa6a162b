// Numbers, units and times as people on the shop floor read them; times in the site's zone.

import { text } from "./text/index.js";

/** @typedef {import("./types.d.ts").Json} Json */
/** @typedef {import("./types.d.ts").Metric} Metric */

const DASH = "–";

/** UN/ECE Recommendation 20 code -> symbol; a code that is not here is shown as it is. @type {Record<string, string>} */
const SYMBOLS = {
  EA: text.units.pieces,
  H87: text.units.pieces,
  C62: "",
  P1: "%",
  C94: "1/min",
  MLT: "mL",
  CMT: "cm",
  KMH: "km/h",
  NEW: "N",
  NU: "N·m",

  CEL: "°C",
  KEL: "K",
  BAR: "bar",
  MBR: "mbar",
  PAL: "Pa",
  KPA: "kPa",
  E93: "kg/h",
  KGM: "kg",
  GRM: "g",
  TNE: "t",
  LTR: "L",
  HLT: "hL",
  MTQ: "m³",
  MQH: "m³/h",
  L2: "L/min",
  SEC: "s",
  C26: "",
  MIN: "min",
  HUR: "h",
  MTR: "m",
  MMT: "mm",
  MTS: "m/s",
  KWT: "kW",
  KWH: "kWh",
  HTZ: "Hz",
  AMP: "A",
  VLT: "V",
  RPM: "1/min",
};

/** @type {Map<string, Intl.NumberFormat>} */
const numberFormats = new Map();
/** @type {Map<string, Intl.DateTimeFormat>} */
const timeFormats = new Map();

/** @param {string | null} unit */
export function unitSymbol(unit) {
  if (!unit) return "";
  const known = SYMBOLS[unit];
  if (known !== undefined) return known;
  const [over, under] = unit.split("/");
  return under ? `${SYMBOLS[over ?? ""] ?? over}/${(SYMBOLS[under] ?? under).toLowerCase()}` : unit;
}

/** @param {number} value @param {number} [digits] fraction digits at most */
export function number(value, digits = 3) {
  const key = String(digits);
  let format = numberFormats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(text.locale, { maximumFractionDigits: digits });
    numberFormats.set(key, format);
  }
  return format.format(value);
}

/** Digits that help: four significant ones, integers whole. @param {number} value */
export function sensible(value) {
  if (Number.isInteger(value)) return number(value, 0);
  const size = Math.abs(value);
  return number(value, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3);
}

/** @param {number | null | undefined} ratio @param {number} [digits] */
export const percent = (ratio, digits = 1) =>
  ratio === null || ratio === undefined
    ? DASH
    : new Intl.NumberFormat(text.locale, { style: "percent", maximumFractionDigits: digits, minimumFractionDigits: digits }).format(ratio);

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long an interval is, to the second; below ten seconds to the tenth. @param {number} milliseconds */
export function length(milliseconds) {
  if (milliseconds < 9_950) return `${number(milliseconds / 1000, 1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return minutes < 1440 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : duration(milliseconds);
}

/** @param {string | null | undefined} at ISO 8601 @param {number} now ms */
export const age = (at, now) => (at ? duration(now - Date.parse(at)) : DASH);

/** @param {string} zone @param {Intl.DateTimeFormatOptions} options */
function timeFormat(zone, options) {
  const key = zone + JSON.stringify(options);
  let format = timeFormats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(text.locale, { timeZone: zone, hourCycle: "h23", ...options });
    timeFormats.set(key, format);
  }
  return format;
}

/** @param {number | string} at @param {string} zone */
export const clock = (at, zone) =>
  timeFormat(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));

/** Time of day, with the date when it is not today, and the year when it is not this one. @param {string | null} at @param {string} zone @param {number} now */
export function moment(at, zone, now) {
  if (!at) return DASH;
  const day = timeFormat(zone, { year: "numeric", month: "2-digit", day: "2-digit" });
  const when = new Date(at);
  const time = timeFormat(zone, { hour: "2-digit", minute: "2-digit" }).format(when);
  if (day.format(when) === day.format(new Date(now))) return time;
  const year = timeFormat(zone, { year: "numeric" });
  const date = { day: "numeric", month: "short", ...(year.format(when) === year.format(new Date(now)) ? {} : { year: "numeric" }) };
  return `${timeFormat(zone, /** @type {Intl.DateTimeFormatOptions} */ (date)).format(when)}, ${time}`;
}

/** The same to the second. @param {string} at @param {string} zone @param {number} now */
export function momentWithSeconds(at, zone, now) {
  const day = timeFormat(zone, { year: "numeric", month: "2-digit", day: "2-digit" });
  const time = clock(at, zone);
  if (day.format(new Date(at)) === day.format(new Date(now))) return time;
  return `${timeFormat(zone, { day: "numeric", month: "short" }).format(new Date(at))}, ${time}`;
}

/** Time of day to the millisecond. @param {number} at @param {string} zone */
export const clockWithMs = (at, zone) =>
  timeFormat(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }).format(new Date(at));

/** Weekday and date. @param {number | string} at @param {string} zone */
export const dayLabel = (at, zone) => timeFormat(zone, { weekday: "short", day: "numeric", month: "short" }).format(new Date(at));

/** An instant on an axis whose marks are `step` ms apart. @param {number} at @param {number} step @param {string} zone */
export function axisLabel(at, step, zone) {
  if (step >= 24 * 3_600_000) return dayLabel(at, zone);
  if (step < 60_000) return clock(at, zone);
  return timeFormat(zone, { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** Date, time with milliseconds, offset and UTC: what hovering shows. @param {string | null} at @param {string} zone */
export function exact(at, zone) {
  if (!at) return "";
  const when = new Date(at);
  const local = timeFormat(zone, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "longOffset",
  }).format(when);
  return `${local} · ${when.toISOString()}`;
}

/**
 * The instant a wall clock at the site shows.
 *
 * @param {string} local as a date and time field gives it, such as 2026-03-01T06:00
 * @param {string} zone
 * @returns {string} ISO 8601 in UTC
 */
export function fromSiteTime(local, zone) {
  const asUtc = Date.parse(`${local}Z`);
  const first = asUtc - offsetMs(asUtc, zone);
  return new Date(asUtc - offsetMs(first, zone)).toISOString();
}

/** @type {Map<string, number>} */
const offsets = new Map();

/** What the zone's clocks are ahead of UTC at an instant, to the quarter of an hour that zones change in. @param {number} at @param {string} zone */
export function zoneOffset(at, zone) {
  const key = `${zone} ${Math.floor(at / 900_000)}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size > 5000) offsets.clear();
    offset = offsetMs(at, zone);
    offsets.set(key, offset);
  }
  return offset;
}

/** What the zone's clocks are ahead of UTC at the instant. @param {number} at @param {string} zone */
function offsetMs(at, zone) {
  const parts = timeFormat(zone, {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = ["year", "month", "day", "hour", "minute", "second"].map(
    (type) => Number(parts.find((part) => part.type === type)?.value),
  );
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

/** Short name of the zone in force now, such as CDT. @param {number} now @param {string} zone */
export function zoneName(now, zone) {
  const parts = timeFormat(zone, { timeZoneName: "short" }).formatToParts(new Date(now));
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/** A metric's value and unit as text. @param {Pick<Metric, "value" | "unit" | "metric">} metric */
export function shownValue({ value, unit, metric }) {
  if (value === null) return { value: DASH, unit: "", missing: true };
  if (typeof value === "boolean") return { value: value ? text.value.yes : text.value.no, unit: "", missing: false };
  if (typeof value === "number") {
    if (metric === "Status/StateCurrent") {
      const name = text.packml[value];
      return { value: name ? `${name} (${value})` : String(value), unit: "", missing: false };
    }
    if (metric === "Status/UnitModeCurrent") {
      const name = text.unitModes[value];
      return { value: name ? `${name} (${value})` : String(value), unit: "", missing: false };
    }
    if ((unit === "C62" || unit === null) && /(Availability|Effectiveness|Ratio|OEE|Completeness|Progress)$/.test(metric) && /^(OEE|JobOrder)\//.test(metric)) {
      return { value: number(value * 100, 1), unit: "%", missing: false };
    }
    if (unit === "C26") return { value: duration(value), unit: "", missing: false };
    return { value: sensible(value), unit: unitSymbol(unit), missing: false };
  }
  if (typeof value === "string") return { value: value === "" ? DASH : value, unit: unitSymbol(unit), missing: value === "" };
  return { value: JSON.stringify(value), unit: "", missing: false };
}

/** A decimal string of a contract as text. @param {string} value */
export const decimal = (value) => sensible(Number(value));

export { DASH };
