/**
 * Tells whether bytes hold a key, a certificate or what is made of one, in whatever wrapping it comes: PEM, DER, JWK, OpenSSH,
 * XML, OpenSSL's printout; with something before or after it, in UTF-16, escaped, and up to three times in base64 or hex.
 * Accepting one as a secret lets anyone who has the public key sign (CVE-2015-9235, CVE-2022-29217, CVE-2022-23541).
 *
 * Nothing here is anchored, as one character before the text is enough to evade an anchor. What has no wrapping at all, such as
 * a modulus or a point alone, looks like a random secret and is not found.
 */
export function isKeyMaterial(bytes: Buffer, wrappings = 3): boolean {
  const text = readable(bytes);
  if (KEY_TEXT.some((shape) => shape.test(text)) || KEY_BYTES.test(bytes.toString('hex')) || isWholeDer(bytes))
    return true;
  return wrappings > 0 && decodings(text).some((decoded) => isKeyMaterial(decoded, wrappings - 1));
}

/** Everything that a text may be the base64, the hex or the list of. Most of it is nonsense, and meant only to be looked at. */
export function decodings(text: string): readonly Buffer[] {
  // As configuration has it: in lines, its line ends written out, its slashes escaped, its bytes set apart.
  const dense = text.replaceAll(/\\[nr]|[\s\\]/g, '');
  const digits = dense.replaceAll(/0x|[x:,]/gi, '');
  return [
    // A prefix, such as a name, shifts what follows it: one of the four beginnings is right. Takes both alphabets.
    ...(dense.match(/[A-Za-z0-9+/_-]{32,}/g) ?? []).flatMap((run) =>
      [0, 1, 2, 3].map((start) => Buffer.from(run.slice(start), 'base64')),
    ),
    ...(digits.match(/(?:[0-9A-Fa-f]{2}){16,}/g) ?? []).map((run) => Buffer.from(run, 'hex')),
    // A buffer made JSON.
    ...(dense.match(/(?:\d{1,3},){31,}\d{1,3}/g) ?? []).map((run) => Buffer.from(run.split(',').map(Number))),
  ];
}

const KEY_TEXT: readonly RegExp[] = [
  // RFC 7468; RFC 4716 has four dashes
  /-----?\s*(?:BEGIN|END)/i,
  // JWK, in JSON, YAML or source text (RFC 7517 §4). With its value: among a million random secrets some hold `kty:`.
  /\b(?:kty["'\\\s]*[:=]>?["'\\\s]*(?:RSA|EC|oct|OKP|AKP)|crv["'\\\s]*[:=]>?["'\\\s]*(?:P-\d|secp|Ed\d|X\d))/i,
  // The same without `kty` (RFC 7518 §6.2.1, §6.3.1): a name and a number too long for anything else.
  /\b(?:n|x|y|x5c)["'\\\s]*[:=]["'\\\s[]*[\w+/-]{42}/i,
  // OpenSSH (RFC 4253 §6.6, RFC 5656 §3.1): text and, as the name stands in both, the binary form.
  /ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-/i,
  // XML signatures and .NET (RFC 3275 §4.4)
  /<(?:\w+:)?(?:(?:RSA|DSA|EC)?KeyValue|Modulus|X509Certificate)\b/i,
  // `openssl rsa -modulus`, `openssl pkey -text`
  /\bmodulus["'\\\s]*[:=]|(?:public|private)-key:/i,
];

/**
 * What a key in DER holds, in hex, four bytes or more of it. Object identifiers: PKCS (1.2.840.113549.1), ANSI X9.57 and X9.62
 * (1.2.840.10040, 1.2.840.10045), curves of SECG and of Brainpool, Edwards and Montgomery curves (RFC 8410 §3). Then PKCS #1,
 * which has none (RFC 8017 §A.1): a sequence, perhaps a version, and a long positive number.
 */
const KEY_BYTES = new RegExp(
  '2a864886f70d01|2a8648ce3[8d]|06052b810400|06092b2403030208|06032b65(?:6e|6f|70|71)|' +
    '3082.{4}(?:020100)?0282.{4}00|3081..(?:020100)?0281..00',
);

/** A sequence in the long form that fills the bytes, but for white space around it: DER of any other kind (X.690 §8.1.3.5). */
function isWholeDer(bytes: Buffer): boolean {
  const der = bytes.subarray(bytes.findIndex((byte) => byte > 0x20));
  // Shorter ones have the short form.
  if (der.length < 131 || der[0] !== 0x30) return false;
  const lengthBytes = der.readUInt8(1) - 0x80;
  if (lengthBytes !== 1 && lengthBytes !== 2) return false;
  const start = 2 + lengthBytes;
  const end = start + der.readUIntBE(2, lengthBytes);
  // What it begins with: a number, an identifier, a sequence. Else one in 16 million long random secrets would pass for it.
  if (end > der.length || ![0x02, 0x06, 0x30].includes(der.readUInt8(start))) return false;
  return der.subarray(end).every((byte) => byte <= 0x20);
}

/** As text, without the NULs of UTF-16 and with escaped characters undone. */
function readable(bytes: Buffer): string {
  return bytes
    .toString('utf8')
    .replaceAll('\0', '')
    .replaceAll(/(?:\\u00|%)([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
