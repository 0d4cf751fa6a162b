// Node: mqtt with sparkplug-payload, its decoder, an alias table and the last value of every metric.
// Reports what tests/benchmarks/consumers/measure.py does.

import { createHash } from "node:crypto";
import mqtt from "mqtt";
import sparkplug from "sparkplug-payload";

const [port, wanted] = process.argv.slice(2).map(Number);
const codec = sparkplug.get("spBv1.0");
const aliases = new Map();
const state = new Map();
let received = 0;
let began;
let used;

const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { clientId: "bench-node", reconnectPeriod: 0 });
client.on("connect", () => client.subscribe("spBv1.0/#", { qos: 0 }));
client.on("message", (topic, bytes) => {
  const [, group, kind, node, device] = topic.split("/");
  if (kind === "DDATA" && received === 0) {
    began = process.hrtime.bigint();
    used = process.cpuUsage();
  }
  const payload = codec.decodePayload(bytes);
  const where = `${group}/${node}`;
  let names = aliases.get(where);
  if (names === undefined) aliases.set(where, (names = new Map()));
  const key = `${where}/${device ?? ""}`;
  let values = state.get(key);
  if (values === undefined) state.set(key, (values = new Map()));
  for (const metric of payload.metrics) {
    const alias = metric.alias === undefined || metric.alias === null ? undefined : Number(metric.alias);
    let name = metric.name;
    if (name && alias !== undefined) names.set(alias, name);
    if (!name) name = names.get(alias);
    values.set(name, { value: metric.value, timestamp: metric.timestamp, type: metric.type, quality: 192 });
  }
  if (kind === "DDATA" && ++received === wanted) report();
});

function canonical({ value, timestamp }) {
  let said = `n:${value}`;
  if (typeof value === "boolean") said = `b:${Number(value)}`;
  else if (typeof value === "string") said = `s:${value}`;
  return `${said}@${timestamp}`;
}

function report() {
  const wall = Number(process.hrtime.bigint() - began) / 1e9;
  const cpu = process.cpuUsage(used);
  const lines = [];
  for (const [device, values] of state) {
    if (device.endsWith("/")) continue;
    for (const [name, metric] of values) lines.push(`${device}/${name}=${canonical(metric)}`);
  }
  lines.sort();
  const checksum = createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
  const line = JSON.stringify({
    messages: received,
    wall_s: wall,
    user_s: cpu.user / 1e6,
    system_s: cpu.system / 1e6,
    rss_kb: process.resourceUsage().maxRSS,
    checksum,
  });
  process.stdout.write(`${line}\n`, () => process.exit(0));
}
