#!/usr/bin/env node
// An identity provider that is not ours: oidc-provider (npm) with one client, whose access tokens are JWTs.
//
//   identity_provider.mjs path/to/oidc-provider/lib/index.js --new-key
//   identity_provider.mjs path/to/oidc-provider/lib/index.js PORT < KEYS     # private JWKs, a line each; the first signs
//
// Listens on loopback, and prints `ready` once it does.
import {generateKeyPairSync, randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';

const [library, port] = process.argv.slice(2);

if (port === '--new-key') {
  const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
  console.log(JSON.stringify({...privateKey.export({format: 'jwk'}), kid: randomUUID(), use: 'sig', alg: 'RS256'}));
  process.exit();
}

const {default: Provider} = await import(resolve(library));
const keys = readFileSync(0, 'utf8').trim().split('\n').map((line) => JSON.parse(line));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: {keys},
  clients: [{
    client_id: 'orders-client',
    client_secret: 'orders-client-secret',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  }],
  features: {
    clientCredentials: {enabled: true},
    devInteractions: {enabled: false},
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (context, resource) => ({
        scope: 'orders:read orders:write',
        audience: resource,
        accessTokenTTL: 600,
        accessTokenFormat: resource.endsWith('/opaque') ? 'opaque' : 'jwt',
        jwt: {sign: {alg: 'RS256'}},
      }),
    },
  },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
