#!/usr/bin/env node
// Against an implementation that is not ours: tokens and key sets made by jose (npm; OpenSSL beneath it) are judged by
// `sluice decide`, and tokens of `sluice token mint` are verified by jose.
//
//   jose_test.mjs path/to/sluice path/to/jose/dist/node/esm/index.js
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import test from 'node:test';

const SLUICE = resolve(process.argv[2]);
const jose = await import(resolve(process.argv[3]));

const ISSUER = 'https://idp.example.com';
const HMAC_BYTES = {HS256: 32, HS384: 48, HS512: 64};
const PUBLIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const ALL = [...Object.keys(HMAC_BYTES), ...PUBLIC];

const work = mkdtempSync(join(tmpdir(), 'sluice-jose-'));
process.on('exit', () => rmSync(work, {recursive: true}));

function sluice(args, input) {
  const done = spawnSync(SLUICE, args, {input, encoding: 'utf8', timeout: 60000});
  assert.equal(done.status, 0, `sluice ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

// The policy's decisions about one request for each token.
function decide(policy, tokens) {
  const path = join(work, 'policy.json');
  writeFileSync(path, JSON.stringify({_format_version: '3.0', ...policy}));
  const requests = tokens.map((token) => ({method: 'GET', path: '/', headers: {Authorization: `Bearer ${token}`}}));
  const input = requests.map((request) => JSON.stringify(request)).join('\n');
  const decisions = sluice(['decide', path], input).trim().split('\n');
  assert.equal(decisions.length, tokens.length);
  return decisions.map((line) => JSON.parse(line));
}

function service(jwt) {
  const plugins = [{name: 'jwt', config: jwt}];
  return [{name: 's', url: 'http://s.internal', routes: [{name: 'r', paths: ['/']}], plugins}];
}

// ---- What jose makes ----

const GENERATE = {extractable: true, crv: 'Ed25519'};

async function pair(alg, more = {}) {
  const keys = await jose.generateKeyPair(alg, GENERATE);
  const jwk = {...(await jose.exportJWK(keys.publicKey)), alg, use: 'sig'};
  return {...keys, jwk: {...jwk, kid: await jose.calculateJwkThumbprint(jwk), ...more}};
}

async function secret(alg) {
  const text = randomBytes(HMAC_BYTES[alg]).toString('hex');  // Kong's documents hold secrets as text
  const privateKey = new TextEncoder().encode(text);
  return {text, privateKey, jwk: {...(await jose.exportJWK(privateKey)), alg, kid: alg}};
}

const newKey = (alg) => (alg in HMAC_BYTES ? secret(alg) : pair(alg));

const keys = {};
for (const alg of ALL) keys[alg] = await newKey(alg);

function jwt(header = {}, change = (draft) => draft) {
  const draft = new jose.SignJWT({team: 'blü', n: 1.5, deep: {list: [1, null, true]}})
      .setProtectedHeader({typ: 'JWT', ...header})
      .setIssuer(ISSUER)
      .setSubject('alice')
      .setAudience(['orders', 'billing'])
      .setIssuedAt()
      .setExpirationTime('1h');
  return change(draft);
}

// ---- A consumer's own key, as Kong's documents have it ----

async function consumerWith(alg) {
  const {text, publicKey} = keys[alg];
  const material = text ? {secret: text} : {rsa_public_key: await jose.exportSPKI(publicKey)};
  return {username: 'alice', jwt_secrets: [{key: ISSUER, algorithm: alg, ...material}]};
}

for (const alg of ALL)
  test(`${alg}: a token of jose, by a consumer's key`, async () => {
    const policy = {services: service({}), consumers: [await consumerWith(alg)]};
    const good = await jwt({alg}).sign(keys[alg].privateKey);
    const forged = await jwt({alg}).sign((await newKey(alg)).privateKey);
    const [passed, refused] = decide(policy, [good, forged]);
    assert.equal(passed.action, 'forward');
    assert.equal(passed.consumer, 'alice');
    assert.equal(refused.reason, 'jwt_bad_signature');
  });

// ---- A key set ----

const encryption = await pair('RSA-OAEP-256', {use: 'enc', kid: 'encryption'});
const leaked = await pair('ES256', {kid: 'leaked'});
const set = {
  keys: [
    {...encryption.jwk},
    {...(await jose.exportJWK(leaked.privateKey)), kid: 'leaked', alg: 'ES256'},
    ...ALL.map((alg) => keys[alg].jwk),
  ],
};
const setPolicy = {
  services: service({jwks: set, jwks_algorithms: ALL, issuer: ISSUER, audience: ['billing']}),
  consumers: [{username: 'alice'}],
};

test('the set of all keys verifies a token of each, with and without its key id', async () => {
  const tokens = [];
  for (const alg of ALL)
    for (const kid of [keys[alg].jwk.kid, undefined]) tokens.push(await jwt({alg, kid}).sign(keys[alg].privateKey));
  for (const [i, decision] of decide(setPolicy, tokens).entries())
    assert.equal(decision.consumer, 'alice', `${ALL[i >> 1]}: ${decision.reason}`);
});

// sluice() asks for the exit status 0.
for (const alg of ALL)
  test(`${alg}: a token of jose, by \`sluice token verify\``, async () => {
    const path = join(work, 'set.json');
    writeFileSync(path, JSON.stringify({keys: [keys[alg].jwk]}));
    const token = await jwt({alg, kid: keys[alg].jwk.kid}).sign(keys[alg].privateKey);
    const out = sluice(['token', 'verify', '--jwks', path, '--alg', alg, '--iss', ISSUER, '--aud', 'billing'], token);
    assert.match(out, new RegExp(`algorithm ${alg}\n[^]*\n  subject   alice\n[^]*\ngood\n`));
  });

const {privateKey, publicKey, jwk} = keys.RS256;
const rs256 = {alg: 'RS256', kid: jwk.kid};
const REFUSED = [
  ['an unsecured token', 'jwt_alg_not_allowed', () =>
    new jose.UnsecuredJWT({}).setIssuer(ISSUER).setSubject('alice').setExpirationTime('1h').encode()],
  ['HMAC keyed with the public key in PEM', 'jwt_alg_not_allowed', async () =>
    jwt({alg: 'HS256', kid: jwk.kid}).sign(new TextEncoder().encode(await jose.exportSPKI(publicKey)))],
  ['another algorithm than the key is for', 'jwt_alg_not_allowed', () =>
    jwt({...rs256, alg: 'PS256'}).sign(privateKey)],
  ['the key id of another key', 'jwt_bad_signature', async () => jwt(rs256).sign((await pair('RS256')).privateKey)],
  ['an unknown key id', 'jwt_unknown_kid', () => jwt({...rs256, kid: 'nobody'}).sign(privateKey)],
  ['a key for encryption', 'jwt_unknown_kid', () => jwt({...rs256, kid: 'encryption'}).sign(privateKey)],
  ['a key whose private half is in the set', 'jwt_unknown_kid', () =>
    jwt({alg: 'ES256', kid: 'leaked'}).sign(leaked.privateKey)],
  ['an encrypted token', 'jwt_malformed', () =>
    new jose.EncryptJWT({}).setProtectedHeader({alg: 'RSA-OAEP-256', enc: 'A256GCM'}).encrypt(encryption.publicKey)],
  ['JSON serialization', 'jwt_malformed', async () =>
    JSON.stringify(await new jose.FlattenedSign(Buffer.from('{}')).setProtectedHeader(rs256).sign(privateKey))],
  ['a critical extension', 'jwt_critical', () =>
    jwt({...rs256, crit: ['x'], x: 1}).sign(privateKey, {crit: {x: true}})],
  ['expired', 'jwt_expired', () => jwt(rs256, (draft) => draft.setExpirationTime('1m ago')).sign(privateKey)],
  ['not yet valid', 'jwt_not_yet_valid', () => jwt(rs256, (draft) => draft.setNotBefore('1m')).sign(privateKey)],
  ['another issuer', 'jwt_unknown_issuer', () => jwt(rs256, (draft) => draft.setIssuer('https://x')).sign(privateKey)],
  ['another audience', 'jwt_wrong_audience', () => jwt(rs256, (draft) => draft.setAudience('web')).sign(privateKey)],
];
for (const [name, reason, make] of REFUSED)
  test(`refused: ${name}`, async () => {
    const [decision] = decide(setPolicy, [await make()]);
    assert.equal(decision.status, 401);
    assert.equal(decision.reason, reason);
  });

// ---- The other way ----

for (const alg of ALL)
  test(`${alg}: a token of \`sluice token mint\`, verified by jose`, async () => {
    const {text, privateKey, publicKey} = keys[alg];
    const flag = text ? '--secret-file' : '--key';
    const claims = ['--iss', ISSUER, '--sub', 'alice', '--aud', 'orders', '--exp', '5m', '--claim', 'team=blü'];
    const material = text ?? (await jose.exportPKCS8(privateKey));
    const token = sluice(['token', 'mint', '--alg', alg, flag, '-', '--kid', 'k', ...claims], material);
    const verified = await jose.jwtVerify(token.trim(), publicKey ?? privateKey, {
      algorithms: [alg],
      issuer: ISSUER,
      audience: 'orders',
      subject: 'alice',
      typ: 'JWT',
      requiredClaims: ['exp', 'iat'],
    });
    assert.deepEqual(verified.protectedHeader, {alg, kid: 'k', typ: 'JWT'});
    assert.equal(verified.payload.team, 'blü');
    assert.equal(verified.payload.exp - verified.payload.iat, 300);
  });

for (const alg of PUBLIC)
  test(`${alg}: a key of \`sluice token jwks\`, as jose has it`, async () => {
    const {privateKey, publicKey} = keys[alg];
    const set = JSON.parse(sluice(['token', 'jwks', '--alg', alg, '-'], await jose.exportPKCS8(privateKey)));
    const jwk = await jose.exportJWK(publicKey);
    const kid = await jose.calculateJwkThumbprint(jwk);
    assert.deepEqual(set, {keys: [{...jwk, kid, use: 'sig', alg}]});
  });

// What jwt-signer tells an upstream, which knows the gateway's public key alone.
for (const alg of PUBLIC)
  test(`${alg}: a token of jwt-signer, verified by jose`, async () => {
    const {privateKey, publicKey} = keys[alg];
    const pem = {private_key: await jose.exportPKCS8(privateKey), public_key: await jose.exportSPKI(publicKey)};
    const signer = {access_token_signing_algorithm: alg, access_token_issuer: 'https://gateway.example.com',
                    set_claims: {aud: 'internal'}, remove_access_token_claims: ['deep']};
    const [setService] = setPolicy.services;
    const policy = {...setPolicy, key_sets: [{name: 'kong'}], keys: [{kid: 'g', set: {name: 'kong'}, pem}],
                    services: [{...setService, plugins: [...setService.plugins, {name: 'jwt-signer', config: signer}]}]};
    const [decision] = decide(policy, [await jwt(rs256).sign(keys.RS256.privateKey)]);
    assert.equal(decision.action, 'forward', decision.reason);
    const [[, value]] = decision.request_headers.set.filter(([name]) => name.toLowerCase() === 'authorization');
    const token = value.replace(/^Bearer /, '');
    const verified = await jose.jwtVerify(token, publicKey, {
      algorithms: [alg], issuer: 'https://gateway.example.com', audience: 'internal', subject: 'alice', typ: 'JWT',
      requiredClaims: ['exp', 'iat'],
    });
    assert.deepEqual(verified.protectedHeader, {alg, kid: 'g', typ: 'JWT'});
    const {iat, exp, ...claims} = verified.payload;
    assert.equal(exp - iat, 300);
    assert.deepEqual(claims, {iss: 'https://gateway.example.com', original_iss: ISSUER, sub: 'alice', aud: 'internal',
                              team: 'blü', n: 1.5});
  });
