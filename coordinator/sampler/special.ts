/** Functions of the normal distribution, to about 15 digits. */

const SQRT_2 = Math.SQRT2;
const SQRT_PI = Math.sqrt(Math.PI);
export const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);

// Cody 1969, "Rational Chebyshev approximations for the error function": erf up to 0.46875, exp(x^2)
// erfc(x) from there to 4 and from 4 on; the leading coefficient of each numerator stands last.
const ERF_UP = [3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694, 0.18577770618460315];
const ERF_DOWN = [23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
const MIDDLE_UP = [
  0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769, 1712.0476126340707,
  2051.0783778260716, 1230.3393547979972, 2.1531153547440383e-8,
];
const MIDDLE_DOWN = [
  15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597, 4362.619090143247,
  3439.3676741437216, 1230.3393548037495,
];
const FAR_UP = [0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275, 0.0006587491615298378, 0.016315387137302097];
const FAR_DOWN = [2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918];

/** Cody's form of a quotient of polynomials in `x`: both run over the same powers. */
function quotient(up: readonly number[], down: readonly number[], x: number): number {
  let above = up[up.length - 1]! * x;
  let below = x;
  for (let index = 0; index < down.length - 1; index += 1) {
    above = (above + up[index]!) * x;
    below = (below + down[index]!) * x;
  }
  return (above + up[down.length - 1]!) / (below + down[down.length - 1]!);
}

/** exp(x^2) erfc(x). Overflows below -26. */
export function scaledErfc(x: number): number {
  if (x < -0.46875) return 2 * Math.exp(x * x) - scaledErfc(-x);
  if (x <= 0.46875) return Math.exp(x * x) * (1 - x * quotient(ERF_UP, ERF_DOWN, x * x));
  if (x <= 4) return quotient(MIDDLE_UP, MIDDLE_DOWN, x);
  const inverse = 1 / (x * x);
  return (1 / SQRT_PI - inverse * quotient(FAR_UP, FAR_DOWN, inverse)) / x;
}

export function normalCdf(z: number): number {
  const x = Math.abs(z) / SQRT_2;
  if (x <= 0.46875) return 0.5 * (1 + (z / SQRT_2) * quotient(ERF_UP, ERF_DOWN, x * x));
  const tail = 0.5 * Math.exp(-x * x) * scaledErfc(x);
  return z > 0 ? 1 - tail : tail;
}

export function normalPdf(z: number): number {
  return Math.exp(-0.5 * z * z - LOG_SQRT_2PI);
}

// Wichura 1988, "Algorithm AS 241: the percentage points of the normal distribution", PPND16.
const CENTRE_UP = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
];
const CENTRE_DOWN = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852854,
];
const NEAR_UP = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const NEAR_DOWN = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const TAIL_UP = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const TAIL_DOWN = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5,
  1.421511758316446e-7, 2.0442631033899397e-15,
];

const polynomial = (coefficients: readonly number[], x: number): number => coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);

/** The z below which a normal draw falls with this probability, of (0, 1). */
export function normalQuantile(probability: number): number {
  const centred = probability - 0.5;
  if (Math.abs(centred) <= 0.425) {
    const r = 0.180625 - centred * centred;
    return (centred * polynomial(CENTRE_UP, r)) / polynomial(CENTRE_DOWN, r);
  }
  const r = Math.sqrt(-Math.log(centred < 0 ? probability : 1 - probability));
  const size = r <= 5 ? polynomial(NEAR_UP, r - 1.6) / polynomial(NEAR_DOWN, r - 1.6) : polynomial(TAIL_UP, r - 5) / polynomial(TAIL_DOWN, r - 5);
  return centred < 0 ? -size : size;
}

/** log(1 - exp(x)) of a negative x (Mächler 2012). */
function log1mexp(x: number): number {
  return x > -Math.LN2 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
}

/**
 * log(pdf(z) + z cdf(z)), the logarithm of expected improvement for a standard deviation of one, where
 * the plain formula would underflow: Ament et al. 2023, "Unexpected improvements to expected
 * improvement for Bayesian optimization", the analytic LogEI.
 */
export function logImprovement(z: number): number {
  if (z > -1) return Math.log(normalPdf(z) + z * normalCdf(z));
  const plain = -0.5 * z * z - LOG_SQRT_2PI;
  if (z < -1e6) return plain - 2 * Math.log(-z);
  return plain + log1mexp(Math.log(scaledErfc(-z / SQRT_2) * -z) + 0.5 * Math.log(Math.PI / 2));
}

/** Derivative of logImprovement: cdf(z) / (pdf(z) + z cdf(z)), both over pdf(z) where they are small. */
export function logImprovementSlope(z: number): number {
  if (z > -1) return normalCdf(z) / (normalPdf(z) + z * normalCdf(z));
  // h / pdf = 1 + z ratio loses all digits far out; the asymptotic series of the quotient starts |z| + 2 / |z|.
  if (z < -300) return -z - 2 / z;
  const ratio = Math.sqrt(Math.PI / 2) * scaledErfc(-z / SQRT_2);
  return ratio / (1 + z * ratio);
}
