
// --- distributions -------------------------------------------------------------------------------------------------

// erfc by the series of the incomplete gamma function near 0, by its continued fraction beyond.
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  const square = x * x;
  if (square < 1.5) {
    let term = x === 0 ? 0 : 2 * x * Math.exp(-square) / Math.sqrt(Math.PI);
    let total = term;
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(total); k += 1) {
      term *= (2 * square) / (2 * k + 1);
      total += term;
    }
    return 1 - total;
  }
  let fraction = 0;
  for (let k = 200; k > 0; k -= 1) fraction = (k / 2) / (x + fraction);
  return Math.exp(-square) / (Math.sqrt(Math.PI) * (x + fraction));
}

function bisect(negativeBelow, low, high) {
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (negativeBelow(middle) < 0) low = middle; else high = middle;
  }
  return (low + high) / 2;
}

// As printed for 95 %, which the catalogue's formula carries too.
function zTwoSided(confidence) {
  if (!(confidence > 0 && confidence < 1)) throw new KpiError(NUM, "The confidence must lie between 0 and 1.");
  return confidence === 0.95 ? 1.959964 : exactZ(confidence);
}

function exactZ(confidence) {
  return bisect((z) => 1 - confidence - erfc(z / Math.SQRT2) > 0 ? 1 : -1, 0, 40);
}

function logGamma(halves) { // of halves / 2
  let x = halves % 2 ? 0.5 : 1;
  let total = halves % 2 ? Math.log(Math.PI) / 2 : 0;
  for (; x < halves / 2; x += 1) total += Math.log(x);
  return total;
}

function betaShare(halvesA, halvesB, x) {
  const [a, b] = [halvesA / 2, halvesB / 2];
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShare(halvesB, halvesA, 1 - x);
  const front = logGamma(halvesA + halvesB) - logGamma(halvesA) - logGamma(halvesB)
    + a * Math.log(x) + b * Math.log1p(-x);
  let upper = 1;
  let lower = 1 / (1 - ((a + b) * x) / (a + 1));
  let result = lower;
  for (let m = 1; m < 500; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    for (const term of [even, odd]) {
      lower = 1 / (1 + term * lower || 1e-300);
      upper = 1 + term / upper || 1e-300;
      result *= lower * upper;
    }
    if (Math.abs(lower * upper - 1) < 1e-15) break;
  }
  return (Math.exp(front) * result) / a;
}

function studentTail(t, freedom) {
  const half = 0.5 * betaShare(freedom, 1, freedom / (freedom + t * t));
  return t >= 0 ? half : 1 - half;
}

// --- about a number ------------------------------------------------------------------------------------------------

function direction(word) {
  const way = word.toLowerCase();
  if (["up", "down", "band", "neutral"].includes(way)) return way;
  throw new KpiError(VALUE, `The direction must be up, down, band or neutral, not ${word}.`);
}

function oneWay(word) {
  const way = direction(word);
  if (way === "up" || way === "down") return way;
  throw new KpiError(VALUE, "An argument is wrong.");
}

function edges(target, way) {
  if (target.length !== (way === "band" ? 2 : 1) || target[0] > target.at(-1)) {
    throw new KpiError(VALUE, "A band needs two cells as its target, and anything else one.");
  }
  return [target[0], target.at(-1)];
}

function status(value, target, tolerance, word) {
  const way = direction(word);
  if (tolerance < 0) throw new KpiError(VALUE, "The tolerance must not be negative.");
  const [low, high] = edges(target, way);
  if (way === "neutral") return "no_target";
  const miss = way === "up" ? low - value : way === "down" ? value - low : Math.max(low - value, value - high);
  const slack = FUZZ * Math.max(1, Math.abs(value));
  if (miss <= slack) return "on_target";
  return miss <= tolerance * Math.min(Math.abs(low), Math.abs(high)) + slack ? "near_target" : "off_target";
}

function attainment(actual, target, word) {
  const way = direction(word);
  const [low, high] = edges(target, way);
  if (way === "neutral") throw new KpiError(VALUE, "An argument is wrong.");
  if (way === "band") {
    if (actual >= low && actual <= high) return 1;
    return Math.max(0, 1 - divide(Math.max(low - actual, actual - high), high - low));
  }
  if (low <= 0) throw new KpiError(DIV0, "The base or denominator must be positive and is not.");
  return way === "up" ? actual / low : 2 - actual / low;
}

function variance(actual, budget, word) {
  return oneWay(word) === "up" ? actual - budget : budget - actual;
}

function mqlRequired(customers, rate) {
  if (rate <= 0) throw new KpiError(DIV0, "The base or denominator must be positive and is not.");
  if (customers <= 0) return 0;
  const leads = Math.ceil(customers / rate);
  return (leads - 1) * rate >= customers * (1 - 1e-12) ? leads - 1 : leads;
}

function pipelineCoverage(pipeline, target, actual) {
  return target - actual > 0 ? pipeline / (target - actual) : "done";
}

function ltvDiscounted(margin, retention, discount) {
  if (!(retention >= 0 && retention <= 1)) throw new KpiError(NUM, "The value is outside its valid range.");
  if (1 + discount - retention <= 0) throw new KpiError(DIV0, "The base must be positive and is not.");
  return (margin * retention) / (1 + discount - retention);
}

// --- about an NPS --------------------------------------------------------------------------------------------------

// Three answers added (3/4 detractor, 3/2 passives, 3/4 promoter): score and standard error, on the scale -1 to 1.
function adjustedNps(column, code = NA) {
  const scores = numbers(column);
  if (!scores.length) throw new KpiError(code, "There are too few values.");
  const promoters = scores.filter((score) => score >= 9).length + 0.75;
  const detractors = scores.filter((score) => score <= 6).length + 0.75;
  const answers = scores.length + 3;
  const score = (promoters - detractors) / answers;
  const spread = Math.max(0, (promoters + detractors) / answers - score * score);
  return { score, error: Math.sqrt(spread / answers) };
}

function npsMargin(column, confidence) {
  const z = zTwoSided(confidence);
  return 100 * z * adjustedNps(column).error;
}

function npsBound(column, confidence, side) {
  const { score, error } = adjustedNps(column, DIV0);
  return Math.max(-100, Math.min(100, 100 * (score + side * zTwoSided(confidence) * error)));
}

function npsError(column) {
  return 100 * adjustedNps(column).error;
}

function npsChange(now, before) {
  const [later, earlier] = [adjustedNps(now), adjustedNps(before)];
  const z = (later.score - earlier.score) / Math.hypot(later.error, earlier.error);
  return erfc(Math.abs(z) / Math.SQRT2);
}

function npsSample(margin, confidence, spread) {
  if (margin <= 0 || spread < 0 || spread > 1 || !(confidence > 0 && confidence < 1)) {
    throw new KpiError(NUM, "The value is outside its valid range.");
  }
  return Math.max(1, Math.ceil(exactZ(confidence) ** 2 * spread / (margin / 100) ** 2 - 3));
}

// --- about a series ------------------------------------------------------------------------------------------------

const RUN_LENGTH = 7;
const MIN_LIMITS = 5;
const MIN_HISTORY = 6;

function mean(values) {
  return exactSum(values) / values.length;
}

function steps(values) {
  return values.slice(1).map((value, index) => value - values[index]);
}

function limits(values, screened = true) {
  if (values.length < MIN_LIMITS) throw new KpiError(NA, "There are too few values.");
  const ranges = steps(values).map(Math.abs);
  let range = mean(ranges);
  if (screened) {
    const kept = ranges.filter((size) => size < 3.267 * range);
    range = (kept.length ? mean(kept) : 0) || range;
  }
  const centre = mean(values);
  return { centre, range, lower: centre - 2.66 * range, upper: centre + 2.66 * range };
}

function signOf(difference, grain) {
  return Math.abs(difference) <= grain ? 0 : Math.sign(difference);
}

function runs(sides, length) {
  let [run, last] = [0, 0];
  return sides.map((side) => {
    run = side === last ? run + 1 : 1;
    last = side;
    return run >= length ? side : 0;
  });
}

// By point: 1 a signal upwards, -1 downwards, 0 common cause, by the first of the four rules that speaks.
function signals(values) {
  const found = limits(values);
  const grain = 1e-12 * values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const sides = values.map((value) => signOf(value - found.centre, grain));
  const outside = values.map((value) =>
    (signOf(value - found.upper, grain) > 0) - (signOf(found.lower - value, grain) > 0));
  const trend = runs([0, ...steps(values).map((step) => signOf(step, grain))], RUN_LENGTH - 1);
  const near = values.map((value) => signOf(Math.abs(value - found.centre) - 2.66 * 2 / 3 * found.range, grain) > 0);
  const twoOfThree = values.map(() => 0);
  for (let last = 2; last < values.length; last += 1) {
    const window = [last - 2, last - 1, last];
    const oneSide = sides[last] !== 0 && window.every((i) => sides[i] === sides[last]);
    if (oneSide && window.filter((i) => near[i]).length >= 2) window.forEach((i) => { twoOfThree[i] = sides[last]; });
  }
  const row = runs(sides, RUN_LENGTH);
  return values.map((_, i) => outside[i] || row[i] || trend[i] || twoOfThree[i]);
}

function xmrLimits(values, screened) {
  const { centre, lower, upper } = limits(values, screened);
  return [[centre, lower, upper]];
}

// Where the last number stands: a whole column goes on after it with blanks.
function lastNumber(column) {
  let place = column.cells.length - 1;
  while (place >= 0 && !isNumber(column.cells[place])) place -= 1;
  return place;
}

function xmrSignals(column) {
  const flags = signals(numbers(column));
  const height = Math.ceil((lastNumber(column) + 1) / column.width);
  let next = 0;
  const words = column.cells.slice(0, height * column.width).map((one) => {
    const flag = isNumber(one) ? flags[next++] : 0;
    return flag > 0 ? "up" : flag < 0 ? "down" : "";
  });
  return Array.from({ length: height }, (_, r) => words.slice(r * column.width, (r + 1) * column.width));
}

function signal(values, word) {
  const way = direction(word);
  const flag = signals(values).at(-1);
  if (!flag) return "noise";
  if (way !== "up" && way !== "down") return "signal";
  return (flag > 0) === (way === "up") ? "better" : "worse";
}

function assurance(values, target, word) {
  const way = direction(word);
  const { lower, upper } = limits(values);
  oneWay(way);
  if (lower <= target && target <= upper) return "inconsistent";
  return (lower > target) === (way === "up") ? "consistent_pass" : "consistent_fail";
}

function forecast(column, ahead) {
  const points = column.cells.map((y, index) => [index + 1, y]).filter(([, y]) => isNumber(y));
  if (points.length < 2) throw new KpiError(DIV0, "There are no values to work with.");
  const [x, y] = [mean(points.map(([px]) => px)), mean(points.map(([, py]) => py))];
  const slope = exactSum(points.map(([px, py]) => (px - x) * (py - y))) / exactSum(points.map(([px]) => (px - x) ** 2));
  return y + slope * (lastNumber(column) + 1 + ahead - x);
}

function chance(history, target, left, soFar, word) {
  const way = oneWay(word);
  if (left < 1 || left % 1) throw new KpiError(VALUE, "The periods left must be a whole number from 1 on.");
  const n = history.length;
  if (n < MIN_HISTORY) throw new KpiError(NA, "There are too few values.");
  const centre = mean(history);
  const deviation = Math.sqrt(exactSum(history.map((value) => (value - centre) ** 2)) / (n - 1));
  const error = deviation * Math.sqrt(left + (left * left) / n);
  const gap = target - soFar - left * centre;
  if (error <= 1e-9 * Math.max(Math.abs(left * centre), Math.abs(target - soFar))) {
    throw new KpiError(NA, "There are too few values.");
  }
  return studentTail((way === "up" ? gap : -gap) / error, n - 1);
}

// --- from the records ----------------------------------------------------------------------------------------------

function noRecords() {
  throw new KpiError(NA, "The records of the month-end runs are on the computer that keeps them; this add-in cannot read them.");
}

// --- about the functions -------------------------------------------------------------------------------------------

const FUNCTIONS = {};

function why(name, ...values) {
  const spec = FUNCTIONS[name.toUpperCase()] ?? FUNCTIONS[`KPI_${name.toUpperCase()}`];
  if (!spec) throw new KpiError(NA, `There is no KPI ${name}.`);
  try {
    const result = answer(spec, values);
    return Array.isArray(result) ? `${spec.name} gives ${result.length} rows.` : `${spec.name} has a value: ${result}.`;
  } catch (error) {
    if (error instanceof KpiError) return error.message;
    throw error;
  }
}

// --- values out ----------------------------------------------------------------------------------------------------

const CODES = {
  "#DIV/0!": "divisionByZero", "#N/A": "notAvailable", "#NAME?": "invalidName", "#NULL!": "nullReference",
  "#NUM!": "invalidNumber", "#REF!": "invalidReference", "#VALUE!": "invalidValue",
};

function asError(error) {
  const code = CustomFunctions.ErrorCode[CODES[error.code]] ?? CustomFunctions.ErrorCode.invalidValue;
  return new CustomFunctions.Error(code, ["#N/A", "#VALUE!"].includes(error.code) ? error.message : undefined);
}

function shown(result) {
  if (Array.isArray(result)) return result.map((row) => row.map((one) => (one instanceof KpiError ? asError(one) : shown(one))));
  return typeof result === "string" && result.length > 255 ? `${result.slice(0, 254)}…` : result;
}

function register(name, parameters, rule, more = {}) {
  const spec = { name, arguments: parameters, rule, ...more };
  FUNCTIONS[name] = spec;
  CustomFunctions.associate(name, (...given) => {
    try {
      return shown(answer(spec, given));
    } catch (error) {
      throw asError(error instanceof KpiError ? error : new KpiError(VALUE, "An argument is wrong."));
    }
  });
}
