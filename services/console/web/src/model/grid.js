// Which cells of a long grid are in sight. No drawing here.

/**
 * @param {object} sight
 * @param {number} sight.count cells
 * @param {number} sight.width of the grid, px
 * @param {number} sight.top how far its upper edge is above the upper edge of what can be seen, px; negative when below
 * @param {number} sight.height of what can be seen, px
 * @param {{ width: number, height: number, gap: number }} cell least width, height and gap, px
 * @returns {{ columns: number, first: number, last: number, above: number, whole: number }} cells from `first` to before `last`;
 *   what lies above them and the height of everything, px
 */
export function cellsInSight({ count, width, top, height }, cell) {
  const columns = Math.max(1, Math.floor((width + cell.gap) / (cell.width + cell.gap)));
  const rows = Math.ceil(count / columns);
  const step = cell.height + cell.gap;
  const firstRow = Math.max(0, Math.min(rows - 1, Math.floor(top / step) - 1));
  const lastRow = Math.max(firstRow, Math.min(rows, Math.ceil((top + height) / step) + 1));
  return {
    columns,
    first: firstRow * columns,
    last: Math.min(count, lastRow * columns),
    above: firstRow * step,
    whole: Math.max(0, rows * step - cell.gap),
  };
}
