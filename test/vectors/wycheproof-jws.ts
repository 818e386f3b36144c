/**
 * Cases of json_web_signature_test.json, of C2SP/wycheproof (https://github.com/C2SP/wycheproof, testvectors_v1),
 * Apache-2.0. Each is its number and the JWS.
 */
export type Vector = readonly [number, string];

export const HS256_KEY = Buffer.from('-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE', 'base64url');
export const ES256_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: '04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY',
  y: 'UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw',
} as const;

const [HS, MAC] = ['eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC1hZXMtc2lnbiJ9', 'TD37p4c_0jmreSrBSDmE0F3mYSPtkZ3WrSyI5wb_KTg'];

/** Of HS256; 1 is valid. */
export const HS256_VECTORS: readonly Vector[] = [
  [1, `${HS}.Zm9v.${MAC}`],
  [2, `${HS}.Zm9v.X${MAC.slice(1)}`],
  [3, `${HS}.Zm9v.`],
  [4, `${HS}.Zm9v`],
  [5, `${HS}.WG9v.${MAC}`],
  [6, `${HS}..${MAC}`],
  [7, `${HS}.${MAC}`],
  [8, `eyJhbGciOiJIUzI1NiIsImtpZCI6IlhpZC1hZXMtc2lnbiJ9.Zm9v.${MAC}`],
  [9, `.Zm9v.${MAC}`],
  [10, `Zm9v.${MAC}`],
  [11, '.Zm9v.'],
  [12, 'Zm9v'],
  [13, ''],
  [14, `${HS}.Zm9v.${MAC}.`],
  [15, `${HS}.Zm9v.${MAC}.foo`],
  [16, 'eyJhbGciOiJub25lIiwia2lkIjoia2lkLWFlcy1zaWduIn0.Zm9v.'],
  [
    17,
    `{"payload":"Zm9v","signatures":[{"protected":"${HS}","header":{"unknown":"untrustworthy"},"signature":"${MAC}"}`,
  ],
];

const [ES, SIG] = [
  'eyJhbGciOiJFUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIn0',
  '5cA0OHyMP7ezamUd5c9kV-FrGxdx4hbGXOdplQkutrqWrte5P-pAvsE3Ve6xSyU3YDQwUHjVVOtvcrEbbnZ8yA',
];

/** Of ES256; 18 is valid. */
export const ES256_VECTORS: readonly Vector[] = [
  [18, `${ES}.Zm9v.${SIG}`],
  [19, `${ES}.Zm9v.X${SIG.slice(1)}`],
  [20, `${ES}.Zm9v.`],
  [21, `${ES}.Zm9v`],
  [22, `${ES}.WG9v.${SIG}`],
  [23, `${ES}..${SIG}`],
  [24, `${ES}.${SIG}`],
  [25, `eyJhbGciOiJFUzI1NiIsImtpZCI6IlhpZC1lYy1zaWduIn0.Zm9v.${SIG}`],
  [26, `.Zm9v.${SIG}`],
  [27, `Zm9v.${SIG}`],
  [28, '.Zm9v.'],
  [29, 'Zm9v'],
  [30, ''],
  [31, 'eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIn0.Zm9v.TgWtz2FIRukBQ_mA5sgHa0Ybtgn7bl-YBPAi7Z0XdHU'],
  [
    32,
    'eyJhbGciOiJFUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIiwiandrIjp7Imt0eSI6IkVDIiwia2lkIjoia2lkLWVjLXNpZ24iLCJ1c2UiOiJzaWciLCJhbGciOiJFUzI1NiIsIngiOiJNZG5UWkRJaERKYmZBU2RGcWFtY3BPMkNoOUdOS0sybTBNUWxoNDAyU3BvIiwieSI6Ijdhdko0bHFfV3l4LW5MUERCUTJZcHl0dUh5TWlvMDdCVXl2bDNqYUMtMVkiLCJjcnYiOiJQLTI1NiJ9fQ.Zm9v.4jmsollQD8ZxvySzXYnIEYA4fwaZi2ZbC0aI1J4LYmW2Bn31NhKdjms2N6o51Dff5-InWXQF9m45VtTexl6yjg',
  ],
];

/** A key of 32 zeros. */
export const ZERO_KEY = Buffer.alloc(32);

const ZERO = 'eyJraWQiOiJoczI1Ni1rZXkiLCJhbGciOiJIUzI1NiJ9';

/** Valid. */
export const BASE64_VALID: readonly Vector[] = [
  [357, `${ZERO}.VGVzdA.c1LROH7eNQwUT8KMVEO52VC3WZ9e_AnDWbZ7aMmowV8`],
  [358, `${ZERO}.VDIxMzI1NjY4.AAAAtBuQqoI9HuBeAsgjL4nx8sCGYJa5-G2OrureLO4`],
  [359, `${ZERO}.VDgxMjM0MTM.____ETVRY0lRV9XgQeYX6ixdGT0NLHYb-wZem_ifJ5k`],
  [376, 'eyAia2lkIiA6ICJoczI1Ni1rZXkiLCAiYWxnIiA6ICJIUzI1NiIgfQ.VGVzdA.3nl1C7dKVGLfNyALp4ZKkmNFBJlFP8M9VGzCyil9S1c'],
  [377, 'eyJraWQiOiJoczI1Ni1rZXkiLAoJImFsZyI6IkhTMjU2In0.VGVzdA.Yxn8cTl7IHpFIoEPOFrWmjm-GQlr_RMqHNJOp1ZuweY'],
];

/** Not base64url. Of 372 and 373 Wycheproof says that a lenient reader may pass over the odd character; this package does not. */
export const BASE64_INVALID: readonly Vector[] = [
  [360, `${ZERO}.VGVzdA.    c1LROH7eNQwUT8KMVEO52VC3WZ9e_AnDWbZ7aMmowV8`],
  [361, `${ZERO}.VGVzdA.?c1LROH7eNQwUT8KMVEO52VC3WZ9e_AnDWbZ7aMmowV8`],
  [362, `${ZERO}.VGVzdA.c1LROH7eNQwUT8KMVEO52VC3WZ9e_AnDWbZ7aMmowV8?`],
  [363, `${ZERO}.VDIxMzI1NjY4.?AAAtBuQqoI9HuBeAsgjL4nx8sCGYJa5-G2OrureLO4`],
  [364, `${ZERO}.VDgxMjM0MTM.????ETVRY0lRV9XgQeYX6ixdGT0NLHYb-wZem_ifJ5k`],
  [365, `${ZERO}    .VGVzdA.DR-cdw2cCB53b3mpzMfk2gKTeyN0PhXBrTW1atMfSdM`],
  [366, `${ZERO}####.VGVzdA.23srvDiEYo7665_26qKv4D-0E2a149WRWH_av2ki2I4`],
  [368, `${ZERO}.    VGVzdA.AbPJgmXfihyNBUYpbdPK8qRpPjNuTE-Z_wYQyrU2lMQ`],
  [369, `${ZERO}.####VGVzdA.Ixs2CdBkk8qjqe2-hq2dobqVvv9iDcDS6gPNgoXJyFY`],
  [371, `${ZERO}.?VGVzdA.q0zEA3Js33N6HcOFfBK875qJ_nFwSzI9SN9qJnx5sOc`],
  [372, `${ZERO.slice(0, -1)}?9.VGVzdA.c1LROH7eNQwUT8KMVEO52VC3WZ9e_AnDWbZ7aMmowV8`],
  [373, `${ZERO}.VGVzdA?.c1LROH7eNQwUT8KMVEO52VC3WZ9e_AnDWbZ7aMmowV8`],
  [374, `${ZERO}.AB.8sL_ycV8G_D-K_2A3I0EW3NoPMeQzv13cAzuHlQ5TAE`],
  [375, `${ZERO}.AB.9phoKDvkBMAqTgeVIYeqAi6-lvC0pbKg9ER--3T97w0`],
];

/** The first valid signature of the special cases of ES256, and others of wrong lengths and sizes. */
export const ES256_SPECIAL_VALID: Vector = [
  378,
  `${ES}.Zm9v.5cA0OHyMP7ezamUd5c9kV-FrGxdx4hbGXOdplQkutrppUShFwBW_Qj7IqhFOtNrIXLLKXS5CSZmERxmnjeyoiQ`,
];
export const ES256_SPECIAL: readonly Vector[] = [
  [379, `${ES}.Zm9v.AOXANDh8jD-3s2plHeXPZFfhaxsXceIWxlznaZUJLra6AJau17k_6kC-wTdV7rFLJTdgNDBQeNVU629ysRtudnzI`],
  [380, `${ES}.Zm9v.5cA0OHyMP7ezamUd5c9kV-FrGxdx4hbGXOdplQkutroAlq7XuT_qQL7BN1XusUslN2A0MFB41VTrb3KxG252fMgA`],
  [381, `${ES}.Zm9v.AeXANDd8jD-4s2plHeXPZFeeUhXFGPm1S1ChNFgFkdwLAJau17k_6kC-wTdV7rFLJTdgNDBQeNVU629ysRtudnzI`],
  [382, `${ES}.Zm9v.AOXANDh8jD-3s2plHeXPZFfhaxsXceIWxlznaZUJLra6AZau17g_6kC_wTdV7rFLJTcdGyr-H-zzcGMse95q2aIZ`],
  [383, `${ES}.Zm9v.AeXANDh8jD-3s2plHeXPZFfhaxsXceIWxlznaZUJLra6AJau17k_6kC-wTdV7rFLJTdgNDBQeNVU629ysRtudnzI`],
  [384, `${ES}.Zm9v.AOXANDh8jD-3s2plHeXPZFfhaxsXceIWxlznaZUJLra6AZau17k_6kC-wTdV7rFLJTdgNDBQeNVU629ysRtudnzI`],
  // After the manner of 385, which is longer: each number behind many zeros.
  [385, `${ES}.Zm9v.${Buffer.concat([Buffer.alloc(240), half(0), Buffer.alloc(240), half(32)]).toString('base64url')}`],
  ...cornerCases(),
];

/** 386 to 401: r and s of 0, 1, n − 1 and n, each with each. */
function cornerCases(): Vector[] {
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  const [zero, one, less] = [Buffer.alloc(32), Buffer.alloc(32), Buffer.from(order)];
  one[31] = 1;
  less[31] = 0x50;
  const numbers = [zero, one, less, order];
  return numbers.flatMap((r, i) =>
    numbers.map((s, j): Vector => [386 + 4 * i + j, `${ES}.Zm9v.${Buffer.concat([r, s]).toString('base64url')}`]),
  );
}

function half(start: number): Buffer {
  return Buffer.from(SIG, 'base64url').subarray(start, start + 32);
}
