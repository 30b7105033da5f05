// The rules of the worksheet functions in plain JavaScript, for Excel on Windows, Mac and the web.
//
// Plain JavaScript and not Python in the browser (Pyodide): the functions answer at once where Pyodide needs 3 to 7
// seconds and 14 MB at each start, nothing is loaded from anywhere else, and the file runs in node as it is. The price
// is a second implementation; the parity table of the tests holds it to the first one, cell by cell.
//
// A rule throws a KpiError where there is no value; its code is the Excel error that the cell shows.
"use strict";

class KpiError extends Error {
  constructor(code, words) {
    super(words);
    this.code = code;
  }
}

const DIV0 = "#DIV/0!";
const NA = "#N/A";
const NUM = "#NUM!";
const VALUE = "#VALUE!";
const FUZZ = 1e-9; // what the last bits of a sum may add
const CLASSIC = new Set([DIV0, NA, "#NAME?", "#NULL!", NUM, "#REF!", VALUE]);
const NEWER = new Set([
  "#SPILL!", "#CALC!", "#BLOCKED!", "#FIELD!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA", "#BUSY!", "#PYTHON!",
  "#EXTERNAL!",
]);

// --- values in -----------------------------------------------------------------------------------------------------

// One cell: number, text, true, false, or null for a blank; an error cell is thrown.
function cell(value) {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "object") return cellOfObject(value);
  if (typeof value === "string" && value.startsWith("#")) {
    if (CLASSIC.has(value)) throw new KpiError(value, `A cell in the range holds the error ${value}.`);
    if (NEWER.has(value)) throw new KpiError(VALUE, `A cell in the range holds the error ${value}.`);
  }
  return value;
}

function cellOfObject(value) {
  if (value.type === "Error") {
    throw new KpiError(CLASSIC.has(value.basicValue) ? value.basicValue : VALUE, "A cell in the range holds an error.");
  }
  if (!("basicValue" in value)) throw new KpiError(VALUE, "A cell holds something that is neither number nor text.");
  return cell(value.basicValue);
}

function rowsOf(value) {
  if (!Array.isArray(value)) return [[value]];
  const rows = value.map((row) => (Array.isArray(row) ? row : [row]));
  if (rows.some((row) => row.length !== rows[0].length)) {
    throw new KpiError(VALUE, "The rows of a range differ in length.");
  }
  return rows;
}

function block(value) {
  const rows = rowsOf(value);
  return { height: rows.length, width: rows.length ? rows[0].length : 0, cells: rows.flat().map(cell) };
}

function only(value) {
  let one = value;
  while (Array.isArray(one) && one.length === 1) one = one[0];
  return one;
}

function isBlank(value) {
  const one = only(value);
  return one === null || one === undefined || one === "" || (Array.isArray(one) && one.length === 0);
}

function single(value, name) {
  const one = only(value);
  if (Array.isArray(one)) throw new KpiError(VALUE, `The argument ${name} takes one value, not a range.`);
  return cell(one);
}

// A single value as a number, as Excel's arithmetic reads it: numeric text counts, TRUE is 1.
function toNumber(one, name) {
  if (one === null) throw new KpiError(NA, `The argument ${name} is blank.`);
  const number = typeof one === "string" ? numberInText(one) : Number(one);
  if (!Number.isFinite(number)) throw new KpiError(VALUE, `The argument ${name} is no number: ${one}.`);
  return number;
}

// Numbers as Excel reads them from a text: no thousands separators, at most two digits in the exponent.
function numberInText(text) {
  return /^ *[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})(e[+-]?\d{1,2})? *$/i.test(text) ? Number(text) : NaN;
}

const READERS = {
  column: (value) => block(value),
  series: (value) => block(value).cells.filter(isNumber),
  number: (value, name) => toNumber(single(value, name), name),
  text: (value, name) => {
    const one = single(value, name);
    if (one === null) throw new KpiError(NA, `The argument ${name} is blank.`);
    return String(one).trim();
  },
  flag: (value, name) => {
    const one = single(value, name);
    if (typeof one !== "string") return Boolean(one);
    const word = one.trim().toLowerCase();
    if (["true", "verdadero"].includes(word)) return true;
    if (["false", "falso"].includes(word)) return false;
    throw new KpiError(VALUE, `The argument ${name} must be TRUE or FALSE.`);
  },
  edges: (value, name) => block(value).cells.map((one) => toNumber(one, name)),
  raw: (value) => value,
};

const SCALARS = new Set(["number", "text", "flag", "edges"]);

function isNumber(one) {
  return typeof one === "number" && Number.isFinite(one);
}

// --- a call --------------------------------------------------------------------------------------------------------

// Answers a value or rows; throws a KpiError.
function answer(spec, given) {
  const values = complete(spec, given);
  const spread = spec.arguments.map((argument, index) => index).filter((index) => spreads(spec, values, index));
  if (!spread.length) return one(spec, values);
  const grids = new Map(spread.map((index) => [index, rowsOf(values[index])]));
  const sizes = new Set([...grids.values()].map((rows) => `${rows.length}x${rows[0].length}`));
  if (sizes.size > 1) throw new KpiError(VALUE, "The ranges differ in size.");
  const first = grids.get(spread[0]);
  return first.map((row, r) => row.map((_, c) => {
    const own = values.map((value, index) => (grids.has(index) ? grids.get(index)[r][c] : value));
    try {
      return one(spec, own);
    } catch (error) {
      if (error instanceof KpiError) return error;
      throw error;
    }
  }));
}

function complete(spec, given) {
  const values = spec.arguments.map((_, index) => given[index]);
  return spec.arguments.at(-1)?.repeats ? [...values.slice(0, -1), ...given.slice(values.length - 1)] : values;
}

function spreads(spec, values, index) {
  const argument = spec.arguments[index];
  if (!SCALARS.has(argument.kind) || !Array.isArray(values[index])) return false;
  const rows = rowsOf(values[index]);
  const many = rows.length * (rows.length ? rows[0].length : 0) > 1;
  return many && !(argument.kind === "edges" && isBand(spec, values));
}

function isBand(spec, values) {
  const place = spec.arguments.findIndex((argument) => argument.name === "direction");
  return String(only(values[place])).trim().toLowerCase() === "band";
}

function one(spec, values) {
  spec.arguments.forEach((argument, index) => {
    if (SCALARS.has(argument.kind) && !argument.optional && isBlank(values[index])) {
      throw new KpiError(NA, `The argument ${argument.name} is blank.`);
    }
  });
  const given = values.map((value, index) => {
    const argument = spec.arguments[Math.min(index, spec.arguments.length - 1)];
    if (argument.optional && isBlank(value)) return argument.default;
    return READERS[argument.kind](value, argument.name);
  });
  check(spec, given);
  return inRange(spec, finite(spec.rule(...given)));
}

// What is wrong with the columns before a rule runs over them.
function check(spec, given) {
  const columns = spec.arguments.map((argument, index) => [argument, given[index]])
    .filter(([argument]) => argument.kind === "column");
  const sameSize = columns.every(([, column]) =>
    column.height === columns[0][1].height && column.width === columns[0][1].width);
  if (!sameSize && !spec.free) throw new KpiError(VALUE, "The ranges differ in size.");
  for (const [argument, column] of columns) if (argument.bounds) within(argument, column);
  if (spec.minRows && count(columns[0][1]) < spec.minRows) throw new KpiError(NA, "There are too few values.");
}

function within(argument, column) {
  const { minimum = -Infinity, maximum = Infinity, whole = false } = argument.bounds;
  const wrong = column.cells.find((n) => typeof n === "number" && !(n >= minimum && n <= maximum && (!whole || n % 1 === 0)));
  if (wrong !== undefined) {
    throw new KpiError(NUM, `${argument.name} holds ${wrong}, which is outside its domain.`);
  }
}

function inRange(spec, result) {
  const [low, high] = spec.valid ?? [null, null];
  if ((low !== null && result < low - FUZZ) || (high !== null && result > high + FUZZ)) {
    throw new KpiError(NUM, "The value is outside its valid range.");
  }
  return result;
}

function finite(result) {
  if (typeof result === "number" && !Number.isFinite(result)) throw new KpiError(NUM, "The result is too large.");
  return result;
}

// --- arithmetic ----------------------------------------------------------------------------------------------------

function divide(left, right) {
  if (right === 0) throw new KpiError(DIV0, "The denominator is zero.");
  return finite(left / right);
}

function power(base, exponent) {
  if (base === 0 && exponent < 0) throw new KpiError(DIV0, "The denominator is zero.");
  if ((base === 0 && exponent === 0) || (base < 0 && exponent % 1 !== 0)) {
    throw new KpiError(NUM, "The power has no value.");
  }
  return finite(base ** exponent);
}

function otherwise(attempt, fallback) {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof KpiError) return fallback();
    throw error;
  }
}

// A number as Excel compares it: 0.1 + 0.2 is 0.3 there.
function same(number) {
  return Number(number.toPrecision(15));
}

// Decimals as people write them: 1.005 to two places is 1.01.
function rounded(number, places, mode) {
  const shift = Math.trunc(places);
  const scaled = same(Number(`${same(Math.abs(number))}e${shift}`));
  const units = mode === "up" ? Math.ceil(scaled) : mode === "down" ? Math.floor(scaled) : Math.floor(scaled + 0.5);
  return Math.sign(number) * Number(`${units}e${-shift}`);
}

// --- aggregates ----------------------------------------------------------------------------------------------------

function exactSum(numbers) {
  let total = 0;
  let lost = 0; // Neumaier: what the additions cut off
  for (const n of numbers) {
    const next = total + n;
    lost += Math.abs(total) >= Math.abs(n) ? total - next + n : n - next + total;
    total = next;
  }
  return finite(total + lost);
}

function numbers(column) {
  return column.cells.filter(isNumber);
}

function count(column) {
  return numbers(column).length;
}

function filled(column) {
  return column.cells.filter((one) => one !== null).length;
}

function blanks(column) {
  return column.cells.length - filled(column);
}

function distinct(column) {
  const key = (one) => `${typeof one}:${typeof one === "string" ? one.toLowerCase() : one}`;
  return new Set(column.cells.filter((one) => one !== null).map(key)).size;
}

function sum(column) {
  return exactSum(numbers(column));
}

function products(...columns) {
  return exactSum(columns[0].cells.map((_, row) =>
    columns.reduce((product, column) => product * (isNumber(column.cells[row]) ? column.cells[row] : 0), 1)));
}

function some(column) {
  const found = numbers(column);
  if (!found.length) throw new KpiError(DIV0, "There are no values to work with.");
  return found;
}

function average(column) {
  const found = some(column);
  return exactSum(found) / found.length;
}

function least(column) {
  return some(column).reduce((a, b) => Math.min(a, b));
}

function most(column) {
  return some(column).reduce((a, b) => Math.max(a, b));
}

function median(column) {
  const found = some(column).sort((a, b) => a - b);
  const middle = found.length >> 1;
  return found.length % 2 ? found[middle] : (found[middle - 1] + found[middle]) / 2;
}

// The rows of a column that meet all criteria; each criterion is [column, operator, operand, pattern].
function where(column, ...criteria) {
  const tests = criteria.map(([tested, ...criterion]) => [tested.cells, matcher(...criterion)]);
  const cells = column.cells.filter((_, row) => tests.every(([tested, meets]) => meets(tested[row])));
  return { height: cells.length, width: 1, cells };
}

function countWhere(...criteria) {
  const every = criteria[0][0];
  return where({ cells: every.cells.map(() => 0) }, ...criteria).cells.length;
}

function matcher(operator, operand, pattern) {
  if (operator === "<>") {
    const equal = matcher("=", operand, pattern);
    return (one) => !equal(one);
  }
  if (operator === "=") return equality(operand, pattern);
  if (typeof operand === "string") {
    return (one) => typeof one === "string" && compares(operator, one.toLowerCase(), operand.toLowerCase());
  }
  return (one) => typeof one === typeof operand && compares(operator, one, operand);
}

function equality(operand, pattern) {
  if (operand === null) return (one) => one === null;
  if (typeof operand === "number") {
    return (one) => (typeof one === "string" ? numberInText(one) : typeof one === "number" ? one : NaN) === operand;
  }
  if (typeof operand === "boolean") return (one) => one === operand;
  if (pattern) {
    const wanted = new RegExp(`^(?:${pattern})$`, "s");
    return (one) => typeof one === "string" && wanted.test(one.toLowerCase());
  }
  return (one) => typeof one === "string" && one.toLowerCase() === operand.toLowerCase();
}

function compares(operator, left, right) {
  switch (operator) {
    case "<": return left < right;
    case "<=": return left <= right;
    case ">": return left > right;
    default: return left >= right;
  }
}
