// One-to-one assignment of least cost, by shortest augmenting paths (Crouse, IEEE Transactions on
// Aerospace and Electronic Systems 52, 2016), with the order of steps that SciPy's
// `linear_sum_assignment` has, so that both choose the same pairs where several are equally good.

/**
 * Pair rows with columns so that the total cost is least.
 *
 * @param {ArrayLike<number>} cost nRows x nColumns, row by row; finite.
 * @param {number} nRows
 * @param {number} nColumns
 * @returns {[number, number][]} (row, column), min(nRows, nColumns) of them, in order of rows.
 */
export function assign(cost, nRows, nColumns) {
  if (nRows <= nColumns) {
    const columns = columnsOfRows(cost, nRows, nColumns);
    return Array.from(columns, (column, row) => [row, column]);
  }
  const turned = new Float64Array(nRows * nColumns);
  for (let row = 0; row < nRows; row++) {
    for (let column = 0; column < nColumns; column++) {
      turned[column * nRows + row] = cost[row * nColumns + column];
    }
  }
  const rows = columnsOfRows(turned, nColumns, nRows);
  /** @type {[number, number][]} */
  const pairs = Array.from(rows, (row, column) => [row, column]);
  return pairs.sort((a, b) => a[0] - b[0]);
}

/**
 * @param {ArrayLike<number>} cost
 * @param {number} nRows at most nColumns.
 * @param {number} nColumns
 * @returns {Int32Array} the column of each row.
 */
function columnsOfRows(cost, nRows, nColumns) {
  const state = {
    cost,
    nColumns,
    rowPrice: new Float64Array(nRows),
    columnPrice: new Float64Array(nColumns),
    columnOf: new Int32Array(nRows).fill(-1),
    rowOf: new Int32Array(nColumns).fill(-1),
    cameFrom: new Int32Array(nColumns),
  };
  for (let row = 0; row < nRows; row++) {
    const path = shortestPath(state, row);
    state.rowPrice[row] += path.length;
    for (const seen of path.rows) {
      if (seen !== row) {
        state.rowPrice[seen] += path.length - path.costs[state.columnOf[seen]];
      }
    }
    for (const seen of path.columns) {
      state.columnPrice[seen] -= path.length - path.costs[seen];
    }
    augment(state, row, path.end);
  }
  return state.columnOf;
}

/**
 * @typedef {object} State
 * @property {ArrayLike<number>} cost
 * @property {number} nColumns
 * @property {Float64Array} rowPrice
 * @property {Float64Array} columnPrice
 * @property {Int32Array} columnOf column of each row, or -1.
 * @property {Int32Array} rowOf row of each column, or -1.
 * @property {Int32Array} cameFrom row from which the last path reached each column.
 */

/**
 * The cheapest way from a row to a free column.
 *
 * @param {State} state
 * @param {number} start row.
 */
function shortestPath(state, start) {
  const { cost, nColumns, rowPrice, columnPrice, rowOf, cameFrom } = state;
  const costs = new Float64Array(nColumns).fill(Infinity);
  const left = Array.from({ length: nColumns }, (_, index) => nColumns - index - 1);
  const rows = [];
  const columns = [];
  let length = 0;
  let row = start;
  for (;;) {
    rows.push(row);
    let lowest = Infinity;
    let place = -1;
    for (let index = 0; index < left.length; index++) {
      const column = left[index];
      const through = length + cost[row * nColumns + column] - rowPrice[row] - columnPrice[column];
      if (through < costs[column]) {
        cameFrom[column] = row;
        costs[column] = through;
      }
      if (costs[column] < lowest || (costs[column] === lowest && rowOf[column] === -1)) {
        lowest = costs[column];
        place = index;
      }
    }
    if (lowest === Infinity) {
      throw new Error("scores are not numbers");
    }
    length = lowest;
    const column = left[place];
    columns.push(column);
    left[place] = left[left.length - 1];
    left.pop();
    if (rowOf[column] === -1) {
      return { length, rows, columns, costs, end: column };
    }
    row = rowOf[column];
  }
}

/**
 * @param {State} state
 * @param {number} start row.
 * @param {number} end column.
 */
function augment({ columnOf, rowOf, cameFrom }, start, end) {
  let column = end;
  for (;;) {
    const row = cameFrom[column];
    rowOf[column] = row;
    const next = columnOf[row];
    columnOf[row] = column;
    if (row === start) {
      return;
    }
    column = next;
  }
}
