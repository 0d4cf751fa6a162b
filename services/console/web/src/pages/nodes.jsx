// Who speaks in the namespace, and who has fallen silent.

import { nodes } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { sensible } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Age, Empty } from "../ui/parts.jsx";

/** @typedef {import("../types.d.ts").EdgeNode} EdgeNode */

/** States in which nothing a node says can be trusted. */
const TROUBLE = new Set(["stale", "offline"]);

/** @param {{ place: string }} _ */
export function NodesPage(_) {
  const all = nodes.value;
  if (all.length === 0) return <Empty icon="nodes" title={text.nodes.none} hint={text.nodes.noneHint} />;
  return (
    <div class="page">
      <NodeGroup title={text.nodes.machines} members={all.filter(({ kind }) => kind === "machine")} />
      <NodeGroup title={text.nodes.mes} members={all.filter(({ kind }) => kind === "mes")} />
    </div>
  );
}

/** @param {{ title: string, members: EdgeNode[] }} props */
function NodeGroup({ title, members }) {
  if (members.length === 0) return null;
  const online = members.filter((node) => node.state === "online").length;
  const silent = members.some((node) => TROUBLE.has(node.state));
  const numbered = members.some((node) => node.seq !== null);
  const sorted = [...members].sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
  return (
    <section aria-label={title}>
      <div class="section-head">
        <h2 class="section-title">{title}</h2>
        <span class={`chip ${silent ? "chip-bad" : "chip-good"}`}>
          <Icon name={silent ? "cross" : "check"} size={14} />
          {text.nodes.summary(online, members.filter((node) => node.state !== "unknown").length)}
        </span>
      </div>
      <div class="panel">
        <table class="nodes">
          <thead>
            <tr>
              <th scope="col">{text.nodes.node}</th>
              <th scope="col">{text.nodes.state}</th>
              <th scope="col" class="right">
                {text.nodes.seen}
              </th>
              {numbered && (
                <th scope="col" class="right" title={text.nodes.seqHint}>
                  {text.nodes.seq}
                </th>
              )}
              <th scope="col" class="right" title={text.nodes.birthsHint}>
                {text.nodes.births}
              </th>
              <th scope="col" class="right">
                {text.nodes.devices}
              </th>
              <th scope="col" class="right">
                {text.nodes.metrics}
              </th>
              <th scope="col" class="right" title={text.nodes.rejectedHint}>
                {text.nodes.rejected}
              </th>
              <th scope="col">{text.nodes.places}</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((node) => (
              <NodeRow key={node.id} node={node} numbered={numbered} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** @param {{ node: EdgeNode, numbered: boolean }} props */
function NodeRow({ node, numbered }) {
  return (
    <tr class={TROUBLE.has(node.state) ? "node-offline" : ""} data-node={node.id}>
      <th scope="row">
        <b>{node.edgeNodeId}</b>
        <span class="muted small">
          {node.groupId}
          {node.version && <> · {node.version}</>}
        </span>
      </th>
      <td>
        <NodeState node={node} />
      </td>
      <td class="right" data-label={text.nodes.seen}>
        <Age at={node.lastSeenAt} />
      </td>
      {numbered && (
        <td class="right num" data-label={text.nodes.seq}>
          {node.seq ?? "–"}
        </td>
      )}
      <td class="right num" data-label={text.nodes.births}>
        {node.rebirths}
      </td>
      <td class="right num" data-label={text.nodes.devices}>
        {node.devices}
        {node.deadDevices > 0 && <span class="warn"> · {text.nodes.dead(node.deadDevices)}</span>}
      </td>
      <td class="right num" data-label={text.nodes.metrics}>
        {sensible(node.metrics)}
      </td>
      <td class={`right num ${node.rejected > 0 ? "warn" : ""}`} data-label={text.nodes.rejected}>
        {node.rejected}
      </td>
      <td class="node-places">
        {node.places.map((path) => (
          <a key={path} href={linkTo({ view: "place", place: path })}>
            {path.split("/").slice(2).join(" › ") || path.split("/").at(-1)}
          </a>
        ))}
        {node.places.length === 0 && node.kind === "machine" && (
          <a class="chip chip-warn" href={linkTo({ view: "place", place: `_unplaced/${node.groupId}/${node.edgeNodeId}` })}>
            {text.nodes.unplaced}
          </a>
        )}
      </td>
    </tr>
  );
}

/** @param {{ node: EdgeNode }} props */
function NodeState({ node }) {
  const kind = node.state === "unknown" ? "quiet" : TROUBLE.has(node.state) ? "bad" : node.ready === false ? "warn" : "good";
  const word = node.state === "online" && node.ready === false ? text.nodes.notReady : text.nodes.states[node.state];
  const icon = { bad: "cross", warn: "warning", good: "check", quiet: "clock" }[kind];
  return (
    <div class="node-state">
      <span class={`chip chip-${kind}`}>
        <Icon name={icon} size={14} />
        {word}
      </span>
      {node.since && (
        <span class="muted small">
          {text.nodes.since}
          <Age at={node.since} />
        </span>
      )}
      {[...node.reasons, ...node.conflicts.map((conflict) => text.nodes.conflict(conflict))].map((reason) => (
        <span key={reason} class="node-reason">
          {reason}
        </span>
      ))}
    </div>
  );
}

/** Trouble first. @param {EdgeNode} node */
const rank = (node) => (TROUBLE.has(node.state) ? 0 : node.ready === false ? 1 : 2);
