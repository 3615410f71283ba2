// A real OpenID Connect provider for the suite `identity`: it lets everybody in who says an address,
// and signs with the keys it is told to. Told by one line of JSON on standard input:
//   port     where it listens
//   keys     file that keeps every key there has been, so that a key survives a restart
//   publish  ids of the keys it publishes; the first one signs
//   algorithm  how it signs
// It says "ready" when it serves, and ends with its standard input, so that it never outlives a test.

import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import Provider from 'oidc-provider';

const KINDS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};

const input = createInterface({ input: process.stdin });
const told = await new Promise((resolve) => input.once('line', (line) => resolve(JSON.parse(line))));
input.once('close', () => process.exit(0));

/** Every key by id: as the provider wants it, and as the test signs forgeries with it. */
const keys = existsSync(told.keys) ? JSON.parse(readFileSync(told.keys, 'utf8')) : {};
for (const kid of told.publish) {
  if (keys[kid]) continue;
  const pair = generateKeyPairSync(...KINDS[told.algorithm]);
  keys[kid] = {
    jwk: { ...pair.privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: told.algorithm },
    pem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    publicPem: pair.publicKey.export({ format: 'pem', type: 'spki' }),
  };
}
writeFileSync(told.keys, JSON.stringify(keys), { mode: 0o600 });

const client = (client_id) => ({
  client_id,
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  redirect_uris: ['http://127.0.0.1:1/signed-in'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  id_token_signed_response_alg: told.algorithm,
});

const provider = new Provider(`http://127.0.0.1:${told.port}`, {
  clients: [client('portal'), client('another')],
  jwks: { keys: told.publish.map((kid) => keys[kid].jwk) },
  enabledJWA: { idTokenSigningAlgValues: Object.keys(KINDS) },
  // In the ID token itself, as Entra ID has them.
  conformIdTokenClaims: false,
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  findAccount: (_, login) => ({
    accountId: login,
    claims: () => ({
      sub: login,
      email: login,
      email_verified: !login.startsWith('unverified.'),
      preferred_username: login,
    }),
  }),
});

/** How often its keys were fetched. */
let fetches = 0;
provider.use(async (ctx, next) => {
  if (ctx.path === '/jwks') fetches += 1;
  if (ctx.path === '/fetches') ctx.body = String(fetches);
  else await next();
});

provider.listen(told.port, '127.0.0.1', () => console.log('ready'));
