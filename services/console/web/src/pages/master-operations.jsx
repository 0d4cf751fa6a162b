// The operations of a version in their order, one line of text for each thing said; beside another version what is new and what is gone.

import { COLUMNS, compared, operationsOf } from "../model/masters.js";
import { text } from "../text/index.js";

/** @typedef {import("../types.d.ts").WorkMaster} WorkMaster */
/** @typedef {ReturnType<typeof operationsOf>[number]} Row */

/** @param {{ shown: WorkMaster, against: WorkMaster | null }} props */
export function MasterOperations({ shown, against }) {
  const words = text.masters;
  const rows = operationsOf(shown, against);
  const said = rows.map(({ operation }) => operation).concat(rows.flatMap(({ other }) => other ?? []));
  const columns = COLUMNS.filter(({ name, lines }) => name === "after" || said.some((operation) => lines(operation).length > 0));
  const alike = against !== null && rows.every((row) => row.change === "same" && COLUMNS.every((column) => cell(row, column).every(({ change }) => change === "same")));
  return (
    <>
      {against && (
        <p class="notice" role="status" data-testid="comparing">
          {alike ? words.alike(shown.version, against.version) : words.comparing(shown.version, against.version)}
        </p>
      )}
      <div class="table-box">
        <table class="stack-table master-operations">
          <thead>
            <tr>
              <th scope="col">{words.operation}</th>
              {columns.map(({ name }) => (
                <th key={name} scope="col">
                  {words.columns[name]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.operation.id} class={`is-${row.change}`} data-operation={row.operation.id}>
                <th scope="row">
                  <b>{row.operation.id}</b>
                  {row.change !== "same" && <span class={`chip ${row.change === "new" ? "chip-good" : "chip-bad"}`}>{row.change === "new" ? words.isNew : words.isGone}</span>}
                  {row.operation.description && <span class="muted small">{row.operation.description}</span>}
                </th>
                {columns.map((column) => (
                  <td key={column.name} data-label={words.columns[column.name]} data-column={column.name}>
                    <Lines lines={cell(row, column)} empty={column.name === "after" ? words.first : ""} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** @param {Row} row @param {typeof COLUMNS[number]} column */
const cell = ({ operation, other }, { lines }) => compared(lines(operation), other && lines(other));

/** @param {{ lines: ReturnType<typeof compared>, empty: string }} props */
function Lines({ lines, empty }) {
  return (
    <ul class="lines">
      {!lines.some(({ change }) => change !== "gone") && <li class="muted">{empty || "–"}</li>}
      {lines.map(({ line, change }) => (
        <li key={`${change} ${line}`}>{change === "new" ? <ins>{line}</ins> : change === "gone" ? <del>{line}</del> : line}</li>
      ))}
    </ul>
  );
}
