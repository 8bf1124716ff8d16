import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logImprovement, logImprovementSlope, normalCdf, normalQuantile, scaledErfc } from '../../../coordinator/sampler/special.js';

function assertClose(actual: number, expected: number, relative: number, said: string): void {
  const error = Math.abs(actual - expected) / Math.max(Math.abs(expected), Number.MIN_VALUE);
  assert.ok(actual === expected || error <= relative, `${said}: ${actual}, expected ${expected}, relative error ${error}`);
}

function assertTable(name: string, of: (x: number) => number, table: readonly (readonly [x: number, y: number])[], relative: number): void {
  for (const [x, y] of table) assertClose(of(x), y, relative, `${name}(${x})`);
}

test('the normal distribution is that of SciPy 1.17.1 (stats.norm.cdf, special.ndtri, special.erfcx)', () => {
  assertTable('normalCdf', normalCdf, [
    [-40, 0], [-8.5, 9.47953482220325e-18], [-5, 2.866515718791933e-7], [-3, 0.0013498980316300933], [-1, 0.15865525393145707], [-0.6, 0.2742531177500736],
    [-0.3, 0.3820885778110474], [0, 0.5], [0.2, 0.579259709439103], [0.7, 0.758036347776927], [2, 0.9772498680518208], [6, 0.9999999990134123],
  ], 1e-13);
  assertTable('scaledErfc', scaledErfc, [
    [-3, 16205.988853999586], [-0.5, 1.952360489182557], [-0.2, 1.2726020284831956], [0, 1], [0.3, 0.7345993345676554], [0.5, 0.6156903441929258],
    [1, 0.427583576155807], [3.9, 0.14031418160068973], [4.1, 0.13383411641865198], [10, 0.05614099274382259], [1000, 0.0005641893014533876],
  ], 1e-14);
  assertTable('normalQuantile', normalQuantile, [
    [1e-300, -37.0470962993612], [1e-20, -9.262340089798409], [1e-5, -4.264890793922825], [0.02, -2.053748910631823], [0.074, -1.4466320671589785],
    [0.076, -1.4325027208258116], [0.3, -0.5244005127080409], [0.5, 0], [0.9, 1.2815515655446004], [0.999, 3.090232306167813], [1 - 1e-12, 7.0344869100478356],
  ], 1e-14);
});

test('the logarithm of expected improvement and its slope are right far out (mpmath 1.4.1, 60 digits)', () => {
  assertTable('logImprovement', logImprovement, [
    [-1e5, -5000000023.94479], [-1000, -500014.73445209116], [-40, -808.29856835662], [-10, -55.55312203612235], [-3, -7.869686059603029], [-1.5, -3.52993592080571],
    [-1, -2.4851210257126413], [-0.5, -1.6205162643873199], [0, -0.9189385332046728], [1, 0.08002621884930694], [5, 1.6094379231264313], [40, 3.6888794541139363],
  ], 1e-12);
  assertTable('logImprovementSlope', logImprovementSlope, [
    [-1e5, 100000.00002], [-1001, 1001.001997996016], [-999, 999.002001995984], [-100, 100.01999400419587], [-40, 40.04990665764852], [-10, 10.194383033412553],
    [-3, 3.5323375176251606], [-1.5, 2.2795806941564463], [-1, 1.9042712333296918],
    [-0.5, 1.5598731483480797], [0, 1.2533141373155003], [1, 0.7766387252017393], [5, 0.19999994053122006], [40, 0.025],
  ], 1e-9);
});
