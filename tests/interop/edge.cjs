// An edge node with npm's sparkplug-client, driven by lines of JSON: {"count": 5} publishes a value, {"stop": true} ends it in order.
const { createInterface } = require("node:readline");
const sparkplug = require("sparkplug-client");

const [url, username, password, group, node] = process.argv.slice(2);
const client = sparkplug.newClient({
  serverUrl: url,
  username,
  password,
  groupId: group,
  edgeNode: node,
  clientId: `npm-${node}`,
  version: "spBv1.0",
  publishDeath: true,
});
let count = -300;

function say(line) {
  console.log(JSON.stringify(line));
}

function born() {
  const now = Date.now();
  client.publishNodeBirth({
    timestamp: now,
    metrics: [
      { name: "Node Control/Rebirth", type: "Boolean", value: false },
      { name: "Tiny", type: "Int8", value: -3 },
      { name: "Wide", type: "Int64", value: require("long").fromString("-9007199254740993") },
      { name: "Nothing", type: "Int32", value: null },
    ],
  });
  client.publishDeviceBirth("Press", {
    timestamp: now,
    metrics: [
      { name: "Count", type: "Int16", value: count },
      { name: "Speed", type: "Double", value: 1.5 },
    ],
  });
  say({ born: true });
}

client.on("birth", born);
client.on("ncmd", (payload) => {
  for (const { name, value } of payload.metrics) {
    say({ ncmd: name, value });
    if (name === "Node Control/Rebirth" && value) born();
  }
});
client.on("dcmd", (device, payload) => {
  for (const { name, type, value } of payload.metrics) say({ dcmd: name, device, type, value: String(value) });
});
createInterface({ input: process.stdin }).on("line", (text) => {
  const line = JSON.parse(text);
  if (line.stop) client.stop();
  if (line.count !== undefined) {
    count = line.count;
    client.publishDeviceData("Press", { timestamp: Date.now(), metrics: [{ name: "Count", type: "Int16", value: count }] });
  }
});
