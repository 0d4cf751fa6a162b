// The codec of npm's sparkplug-payload behind lines of JSON: {"decode": base64} or {"encode": {...}}; integers travel as texts.
const { createInterface } = require("node:readline");
const payload = require("sparkplug-payload").get("spBv1.0");

const INTEGERS = new Set(["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "DateTime"]);
const WIDE = new Set(["Int64", "UInt64", "DateTime"]);

function shown(metric) {
  const value = metric.value;
  if (value === null || value === undefined) return { ...metric, value: null };
  if (INTEGERS.has(metric.type)) return { ...metric, value: String(value) };
  if (value instanceof Uint8Array) return { ...metric, value: Buffer.from(value).toString("base64") };
  return metric;
}

function given(metric) {
  const value = metric.value;
  if (value === null) return metric;
  if (WIDE.has(metric.type)) return { ...metric, value: require("long").fromString(value, metric.type === "UInt64") };
  if (INTEGERS.has(metric.type)) return { ...metric, value: Number(value) };
  if (metric.type === "Bytes") return { ...metric, value: Buffer.from(value, "base64") };
  return metric;
}

function answer(line) {
  if (line.decode !== undefined) {
    const read = payload.decodePayload(Buffer.from(line.decode, "base64"));
    return read.metrics.map(shown).map(({ name, type, value }) => ({ name, type, value }));
  }
  const written = payload.encodePayload({ ...line.encode, metrics: line.encode.metrics.map(given) });
  return Buffer.from(written).toString("base64");
}

createInterface({ input: process.stdin }).on("line", (text) => console.log(JSON.stringify(answer(JSON.parse(text)))));
