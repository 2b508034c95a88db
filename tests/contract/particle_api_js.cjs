// Calls every method of particle-api-js against a simulator and prints one JSON line for each:
// {"method", "outcome": "supported" | "left out" | "failed", "detail"}.
// Usage: node particle_api_js.cjs SIMULATOR_URL, settings as JSON in the environment variable SIMULATOR.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const Particle = require('particle-api-js');

const baseUrl = process.argv[2];
const { product, clientId, clientSecret, username, password } = JSON.parse(process.env.SIMULATOR);

const HEX_40 = /^[0-9a-f]{40}$/;
const HEX_24 = /^[0-9a-f]{24}$/;

const particle = new Particle({ baseUrl });
const backend = new Particle({ baseUrl, clientId, clientSecret });

// The simulator's control API

async function control(method, uri, body) {
  const answer = await fetch(`${baseUrl}/control${uri}`, { method, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${uri}: ${answer.status} ${answer.ok ? '' : await answer.text()}`);
  return answer.status === 204 ? {} : answer.json();
}

const makeDevice = (more = {}) => control('POST', '/devices', { kind: 'thermostat', interval: 0, ...more });

// Things that many cases need

const login = async () => (await particle.login({ username, password })).body.access_token;
const serverToken = async () => (await backend.loginAsClientOwner()).body.access_token;

let customers = 0;
async function newCustomer() {
  customers += 1;
  const email = `customer${customers}@example.com`;
  const { body } = await backend.createCustomer({ email, password: 'customer-password', product });
  return { email, auth: body.access_token };
}

async function claimedDevice(more) {
  const device = await makeDevice(more);
  const customer = await newCustomer();
  await particle.claimDevice({ deviceId: device.id, auth: customer.auth });
  return { device, ...customer };
}

async function fails(promise, status, expectation = () => {}) {
  const error = await promise.then(
    () => assert.fail(`expected status ${status}, but the call succeeded`),
    (reason) => reason,
  );
  assert.equal(error.statusCode, status, error.message);
  await expectation(error);
}

function nextEvent(stream, wanted, seconds = 8) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no such event')), seconds * 1000);
    stream.on('event', (event) => {
      if (wanted(event)) {
        clearTimeout(timer);
        resolve(event);
      }
    });
  });
}

function totp(secret) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((octet) => parseInt(octet, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const hash = crypto.createHmac('sha1', key).update(counter).digest();
  const code = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(code % 1000000).padStart(6, '0');
}

let users = 0;
async function newUser() {
  users += 1;
  const name = `user${users}@example.com`;
  const answer = await particle.createUser({ username: name, password: 'first-password', accountInfo: { first_name: 'Jo' } });
  assert.deepEqual(answer.body, { ok: true });
  return { name, auth: (await particle.login({ username: name, password: 'first-password' })).body.access_token };
}

async function userWithMfa() {
  const user = await newUser();
  const { body } = await particle.enableMfa({ auth: user.auth });
  const secret = new URL(body.mfa_url).searchParams.get('secret');
  await particle.confirmMfa({ mfaToken: body.mfa_token, otp: totp(secret), auth: user.auth });
  return { ...user, secret };
}

// A server that webhooks are sent to

function receiver() {
  const requests = [];
  const waiting = [];
  const server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => { text += chunk; });
    request.on('end', () => {
      const seen = { method: request.method, url: request.url, headers: request.headers, text };
      requests.push(seen);
      waiting.splice(0).forEach((resolve) => resolve(seen));
      response.end('thanks');
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({
      url: `http://127.0.0.1:${server.address().port}/hook`,
      next: () => (requests.length ? Promise.resolve(requests[0]) : new Promise((done) => { waiting.push(done); })),
      close: () => server.close(),
    }));
  });
}

// The methods that the simulator supports

const supported = {
  async login() {
    const { statusCode, body } = await particle.login({ username, password, tokenDuration: 60 });
    assert.equal(statusCode, 200);
    assert.equal(body.token_type, 'bearer');
    assert.match(body.access_token, HEX_40);
    assert.match(body.refresh_token, HEX_40);
    assert.equal(body.expires_in, 60);
    await fails(particle.login({ username, password: 'wrong' }), 400, (error) => {
      assert.deepEqual(error.body.error, 'invalid_grant');
      assert.equal(error.shortErrorDescription, 'User credentials are invalid');
    });
  },
  async enableMfa() {
    const user = await newUser();
    const { body } = await particle.enableMfa({ auth: user.auth });
    assert.match(body.mfa_url, /^otpauth:/);
  },
  async confirmMfa() {
    const user = await newUser();
    const { body } = await particle.enableMfa({ auth: user.auth });
    await fails(particle.confirmMfa({ mfaToken: body.mfa_token, otp: '000', auth: user.auth }), 400);
    const otp = totp(new URL(body.mfa_url).searchParams.get('secret'));
    await particle.confirmMfa({ mfaToken: body.mfa_token, otp, invalidateTokens: true, auth: user.auth });
    await fails(particle.getUserInfo({ auth: user.auth }), 401);
  },
  async sendOtp() {
    const user = await userWithMfa();
    await fails(particle.login({ username: user.name, password: 'first-password' }), 403, async (error) => {
      assert.equal(error.body.error, 'mfa_required');
      const { body } = await particle.sendOtp({ mfaToken: error.body.mfa_token, otp: totp(user.secret) });
      assert.match(body.access_token, HEX_40);
    });
  },
  async disableMfa() {
    const user = await userWithMfa();
    await fails(particle.disableMfa({ currentPassword: 'wrong', auth: user.auth }), 400);
    await particle.disableMfa({ currentPassword: 'first-password', auth: user.auth });
    await particle.login({ username: user.name, password: 'first-password' });
  },
  async createCustomer() {
    const { statusCode, body } = await backend.createCustomer({ email: 'New@Example.com', password: 'p', product });
    assert.equal(statusCode, 201);
    assert.match(body.access_token, HEX_40);
    await fails(backend.createCustomer({ email: 'new@example.com', password: 'p', product }), 400, (error) => {
      assert.equal(error.body.error, 'Customer already exists');
    });
    // As a shadow customer, which the package cannot make itself, then with its own token.
    const form = { email: 'shadow@example.com', no_password: true, client_id: clientId, client_secret: clientSecret };
    const shadow = await backend.request({ uri: `/v1/products/${product}/customers`, method: 'post', form });
    assert.equal(shadow.statusCode, 201);
    assert.equal(shadow.body.scope, 'customer=shadow@example.com');
    const again = await backend.request({
      uri: '/oauth/token',
      method: 'post',
      form: {
        grant_type: 'client_credentials',
        scope: 'customer=shadow@example.com',
        client_id: clientId,
        client_secret: clientSecret,
      },
    });
    assert.equal(again.body.scope, 'customer=shadow@example.com');
    assert.deepEqual((await particle.listDevices({ auth: again.body.access_token })).body, []);
  },
  async loginAsClientOwner() {
    const { body } = await backend.loginAsClientOwner();
    assert.match(body.access_token, HEX_40);
    const wrong = new Particle({ baseUrl, clientId, clientSecret: 'wrong' });
    await fails(wrong.loginAsClientOwner(), 400, (error) => assert.equal(error.body.error, 'invalid_client'));
  },
  async createUser() {
    const user = await newUser();
    await fails(particle.createUser({ username: user.name, password: 'p' }), 400);
  },
  async resetPassword() {
    const { body } = await particle.resetPassword({ username });
    assert.deepEqual(body, { ok: true, message: 'Password reset email sent.' });
  },
  async deleteAccessToken() {
    const token = await login();
    assert.deepEqual((await particle.deleteAccessToken({ token })).body, { ok: true });
    await fails(particle.getUserInfo({ auth: token }), 401, (error) => {
      assert.equal(error.body.error, 'invalid_token');
    });
  },
  async deleteCurrentAccessToken() {
    const auth = await login();
    const other = await login();
    await particle.deleteCurrentAccessToken({ auth });
    await fails(particle.listDevices({ auth }), 401);
    await particle.listDevices({ auth: other });
  },
  async deleteActiveAccessTokens() {
    const user = await newUser();
    const second = (await particle.login({ username: user.name, password: 'first-password' })).body.access_token;
    await particle.deleteActiveAccessTokens({ auth: user.auth });
    await fails(particle.listDevices({ auth: second }), 401);
    // With any token of a customer, all of theirs.
    const customer = await newCustomer();
    const login = { username: customer.email, password: 'customer-password' };
    const { refresh_token: refresh, access_token: other } = (await backend.login(login)).body;
    assert.deepEqual((await particle.deleteActiveAccessTokens({ auth: other })).body, { ok: true });
    for (const auth of [customer.auth, other]) await fails(particle.listDevices({ auth }), 401);
    const form = { grant_type: 'refresh_token', refresh_token: refresh, client_id: clientId, client_secret: clientSecret };
    await fails(backend.request({ uri: '/oauth/token', method: 'post', form }), 400);
  },
  async deleteUser() {
    const user = await newUser();
    await fails(particle.deleteUser({ password: 'wrong', auth: user.auth }), 400);
    await particle.deleteUser({ password: 'first-password', auth: user.auth });
    await fails(particle.login({ username: user.name, password: 'first-password' }), 400);
  },
  async trackingIdentity() {
    const auth = await login();
    assert.match((await particle.trackingIdentity({ auth })).body.id, HEX_24);
    assert.equal((await particle.trackingIdentity({ full: true, auth })).body.email, username);
  },
  async listDevices() {
    const { device, auth, email } = await claimedDevice({ name: 'list me' });
    const own = (await particle.listDevices({ auth })).body;
    assert.deepEqual(own.map(({ id }) => id), [device.id]);
    const server = await serverToken();
    const found = (await particle.listDevices({ deviceName: 'list m', product, auth: server })).body;
    assert.deepEqual(found.devices.map(({ id }) => id), [device.id]);
    assert.equal(found.customers[0].username, email);
    await makeDevice();
    const page = (await particle.listDevices({ product, page: 2, perPage: 1, sortAttr: 'deviceId', sortDir: 'asc', auth: server })).body;
    assert.equal(page.devices.length, 1);
    assert.ok(page.meta.total_pages > 1);
  },
  async getDevice() {
    const { device, auth, email } = await claimedDevice();
    const { body } = await particle.getDevice({ deviceId: device.id, auth });
    assert.equal(body.online, true);
    assert.equal(body.product_id, product);
    assert.deepEqual(body.functions, ['set_mode', 'set_target']);
    assert.equal(body.variables.temperature, 'double');
    const asProduct = await particle.getDevice({ deviceId: device.id, product, auth: await serverToken() });
    assert.equal(asProduct.body.owner, email);
    const stranger = await newCustomer();
    await fails(particle.getDevice({ deviceId: device.id, auth: stranger.auth }), 403, (error) => {
      assert.match(error.body.info, /^I didn't recognize that device name or ID/);
    });
    await fails(particle.getDevice({ deviceId: device.id, product, auth }), 403);
  },
  async claimDevice() {
    const { device, auth } = await claimedDevice();
    const { body } = await particle.claimDevice({ deviceId: device.id, auth });
    assert.equal(body.ok, true);
    assert.match(body.customer_id, HEX_24);
    const other = await newCustomer();
    await fails(particle.claimDevice({ deviceId: device.id, auth: other.auth }), 403, (error) => {
      assert.deepEqual(error.body.errors, ['That belongs to someone else.']);
    });
    await fails(particle.claimDevice({ deviceId: 'f'.repeat(24), auth }), 404, (error) => {
      assert.deepEqual(error.body.errors, ['device does not exist']);
    });
    const transfer = await particle.claimDevice({ deviceId: device.id, requestTransfer: true, auth: other.auth });
    assert.match(transfer.body.transfer_id, HEX_24);
  },
  async addDeviceToProduct() {
    const auth = await serverToken();
    const one = await makeDevice({ product: null });
    const { body } = await particle.addDeviceToProduct({ deviceId: one.id, product, auth });
    assert.deepEqual(body, {
      updated: 1,
      updatedDeviceIds: [one.id],
      existingDeviceIds: [],
      nonmemberDeviceIds: [],
      invalidDeviceIds: [],
      protectedDeviceIds: [],
    });
    const two = await makeDevice({ product: null });
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'devices-')), 'devices.txt');
    fs.writeFileSync(file, `${one.id}\n${two.serialNumber}\nnobody\n`);
    const imported = (await particle.addDeviceToProduct({ file, product, auth })).body;
    assert.deepEqual(imported.updatedDeviceIds, [two.id]);
    assert.deepEqual(imported.existingDeviceIds, [one.id]);
    assert.deepEqual(imported.invalidDeviceIds, ['nobody']);
    // Approval of a quarantined device is the same call.
    const quarantined = await makeDevice({ quarantined: true });
    await particle.addDeviceToProduct({ deviceId: quarantined.id, product, auth });
    const approved = await particle.getDevice({ deviceId: quarantined.id, product, auth });
    assert.equal(approved.body.quarantined, false);
  },
  async removeDevice() {
    const { device, auth } = await claimedDevice();
    assert.deepEqual((await particle.removeDevice({ deviceId: device.id, auth })).body, { ok: true });
    await fails(particle.removeDevice({ deviceId: device.id, auth }), 403);
    const server = await serverToken();
    assert.equal((await particle.removeDevice({ deviceId: device.id, product, auth: server })).statusCode, 204);
    await fails(particle.getDevice({ deviceId: device.id, product, auth: server }), 403);
    const quarantined = await makeDevice({ quarantined: true });
    await particle.removeDevice({ deviceId: quarantined.id, deny: true, product, auth: server });
    const refused = await particle.getDevice({ deviceId: quarantined.id, product, auth: server });
    assert.equal(refused.body.denied, true);
  },
  async removeDeviceOwner() {
    const { device, auth } = await claimedDevice();
    const server = await serverToken();
    const { body } = await particle.removeDeviceOwner({ deviceId: device.id, product, auth: server });
    assert.deepEqual(body, { ok: true });
    assert.deepEqual((await particle.listDevices({ auth })).body, []);
  },
  async renameDevice() {
    const { device, auth } = await claimedDevice();
    const { body } = await particle.renameDevice({ deviceId: device.id, name: 'attic', auth });
    assert.equal(body.name, 'attic');
    assert.equal((await particle.getDevice({ deviceId: 'attic', auth })).body.id, device.id);
  },
  async signalDevice() {
    const { device, auth } = await claimedDevice();
    const { body } = await particle.signalDevice({ deviceId: device.id, signal: true, auth });
    assert.deepEqual(body, { id: device.id, connected: true, signaling: true });
  },
  async setDeviceNotes() {
    const { device } = await claimedDevice();
    const { body } = await particle.setDeviceNotes({ deviceId: device.id, notes: 'n', product, auth: await serverToken() });
    assert.equal(body.notes, 'n');
  },
  async markAsDevelopmentDevice() {
    const device = await makeDevice();
    const { body } = await particle.markAsDevelopmentDevice({ deviceId: device.id, product, auth: await serverToken() });
    assert.equal(body.development, true);
  },
  async lockDeviceProductFirmware() {
    const device = await makeDevice();
    const auth = await serverToken();
    const { body } = await particle.lockDeviceProductFirmware({ deviceId: device.id, desiredFirmwareVersion: 7, flash: true, product, auth });
    assert.equal(body.desired_firmware_version, 7);
    assert.equal((await particle.getDevice({ deviceId: device.id, product, auth })).body.firmware_version, 7);
  },
  async unlockDeviceProductFirmware() {
    const device = await makeDevice();
    const { body } = await particle.unlockDeviceProductFirmware({ deviceId: device.id, product, auth: await serverToken() });
    assert.equal(body.desired_firmware_version, null);
  },
  async updateDevice() {
    const device = await makeDevice();
    const { body } = await particle.updateDevice({ deviceId: device.id, name: 'a', notes: 'b', product, auth: await serverToken() });
    assert.deepEqual([body.name, body.notes], ['a', 'b']);
  },
  async getClaimCode() {
    const { device, auth, email } = await claimedDevice();
    const { body } = await particle.getClaimCode({ product, auth });
    assert.equal(body.claim_code.length, 63);
    assert.deepEqual(body.device_ids, [device.id]);
    const next = await makeDevice();
    const connected = await control('POST', `/devices/${next.id}/connect`, { claimCode: body.claim_code });
    assert.equal(connected.owner, email);
    const third = await makeDevice();
    const reused = await control('POST', `/devices/${third.id}/connect`, { claimCode: body.claim_code });
    assert.equal(reused.owner, null);
    assert.equal((await particle.getClaimCode({ auth: await login() })).body.claim_code.length, 63);
    await fails(particle.getClaimCode({ product, auth: await serverToken() }), 403);
  },
  async getVariable() {
    const { device, auth } = await claimedDevice();
    const { body } = await particle.getVariable({ deviceId: device.id, name: 'target', auth });
    assert.equal(body.result, 21);
    assert.equal(body.coreInfo.deviceID, device.id);
    await fails(particle.getVariable({ deviceId: device.id, name: 'nope', auth }), 404, (error) => {
      assert.deepEqual(error.body.error, 'Unknown Variable: nope');
    });
  },
  async callFunction() {
    const { device, auth } = await claimedDevice();
    const { body } = await particle.callFunction({ deviceId: device.id, name: 'set_target', argument: '22.5', auth });
    assert.deepEqual(body, { id: device.id, name: null, connected: true, return_value: 225 });
    const asProduct = { deviceId: device.id, name: 'set_target', argument: 'x', product, auth: await serverToken() };
    assert.equal((await particle.callFunction(asProduct)).body.return_value, -1);
    await fails(particle.callFunction({ deviceId: device.id, name: 'nope', argument: '', auth }), 404, (error) => {
      assert.equal(error.body.error, 'Function nope not found');
    });
    await control('PATCH', `/devices/${device.id}`, { online: false });
    await fails(particle.callFunction({ deviceId: device.id, name: 'set_target', argument: '20', auth }), 408, (error) => {
      assert.equal(error.body.error, 'timed out');
    });
  },
  async getEventStream() {
    const { device, auth } = await claimedDevice();
    const streams = await Promise.all([
      particle.getEventStream({ deviceId: 'mine', auth }),
      particle.getEventStream({ deviceId: device.id, name: 'hel', auth }),
      particle.getEventStream({ product, auth: await serverToken() }),
      particle.getEventStream({ product, deviceId: device.id, name: 'hello/', auth: await serverToken() }),
    ]);
    const arrivals = streams.map((stream) => nextEvent(stream, (event) => event.name === 'hello/you'));
    await control('POST', `/devices/${device.id}/publish`, { name: 'hello/you', data: '{"a":1}' });
    const [mine, , ofProduct] = await Promise.all(arrivals);
    assert.equal(mine.data, '{"a":1}');
    assert.equal(mine.coreid, device.id);
    assert.equal(mine.ttl, 60);
    assert.equal(ofProduct.productID, product);
    // The fifth kind, a user's own events, needs a prefix.
    const user = await login();
    const own = await particle.getEventStream({ name: 'note', auth: user });
    const noted = nextEvent(own, (event) => event.data === 'to self');
    await particle.publishEvent({ name: 'note', data: 'to self', isPrivate: true, auth: user });
    assert.equal((await noted).coreid, 'api');
    await fails(particle.getEventStream({ auth: user }), 400, (error) => {
      assert.equal(error.body.error, 'event prefix filter is required');
    });
    await fails(particle.getEventStream({ deviceId: 'mine', auth: 'nonsense' }), 401);
    // A lost connection: the package connects again by itself, and events go on.
    const reconnected = new Promise((resolve) => { streams[0].on('reconnect-success', resolve); });
    streams.slice(1).concat(own).forEach((stream) => stream.abort());
    await control('DELETE', '/streams');
    await reconnected;
    const later = nextEvent(streams[0], (event) => event.name === 'later');
    await control('POST', `/devices/${device.id}/publish`, { name: 'later' });
    assert.equal((await later).data, null);
    streams[0].abort();
  },
  async publishEvent() {
    const { auth } = await newCustomer();
    assert.deepEqual((await particle.publishEvent({ name: 'n', data: 'd', auth })).body, { ok: true });
    const server = await serverToken();
    const stream = await particle.getEventStream({ product, name: 'from-server', auth: server });
    const arrival = nextEvent(stream, () => true);
    await particle.publishEvent({ name: 'from-server', data: 'd', product, auth: server });
    assert.equal((await arrival).coreid, 'api');
    stream.abort();
  },
  async createWebhook() {
    const target = await receiver();
    const auth = await serverToken();
    const device = await makeDevice();
    const { statusCode, body } = await particle.createWebhook({ event: 'hooked', url: target.url, product, auth });
    assert.equal(statusCode, 201);
    assert.equal(body.ok, true);
    assert.match(body.hookUrl, new RegExp(`/v1/webhooks/${body.id}$`));
    const stream = await particle.getEventStream({ product, auth });
    const responded = nextEvent(stream, (event) => event.name === `${device.id}/hook-response/hooked/now/0`);
    await control('POST', `/devices/${device.id}/publish`, { name: 'hooked/now', data: 'x' });
    const request = await target.next();
    assert.match(request.headers['user-agent'], /^ParticleBot/);
    const form = new URLSearchParams(request.text);
    assert.deepEqual([...form.keys()], ['event', 'data', 'published_at', 'coreid']);
    assert.equal(form.get('coreid'), device.id);
    const response = await responded;
    assert.equal(response.data, 'thanks');
    assert.equal(response.coreid, 'particle-internal');
    stream.abort();
    target.close();
    await particle.deleteWebhook({ hookId: body.id, product, auth });
  },
  async deleteWebhook() {
    const auth = await login();
    const { body } = await particle.createWebhook({ event: 'e', url: 'http://127.0.0.1:9/', auth });
    assert.equal((await particle.deleteWebhook({ hookId: body.id, auth })).statusCode, 204);
    await fails(particle.deleteWebhook({ hookId: body.id, auth }), 404, (error) => {
      assert.equal(error.body.error, 'Webhook not found');
    });
  },
  async listWebhooks() {
    const auth = await login();
    const hook = { method: 'PUT', json: { a: '{{PARTICLE_EVENT_VALUE}}' } };
    const { body } = await particle.createWebhook({ event: 'e', url: 'http://127.0.0.1:9/', hook, auth });
    const listed = (await particle.listWebhooks({ auth })).body;
    assert.equal(listed.length, 1);
    assert.equal(listed[0].requestType, 'PUT');
    await particle.deleteWebhook({ hookId: body.id, auth });
  },
  async createIntegration() {
    const auth = await serverToken();
    const settings = { integration_type: 'GoogleCloudPubSub', topic: 'projects/p/topics/t' };
    const { statusCode, body } = await particle.createIntegration({ event: 'no-such-event', settings, product, auth });
    assert.equal(statusCode, 201);
    assert.equal(body.integration_type, 'GoogleCloudPubSub');
    assert.equal(body.topic, 'projects/p/topics/t');
    assert.equal(body.name, 'no-such-event for t');
    await particle.deleteIntegration({ integrationId: body.id, product, auth });
    const azure = { integration_type: 'AzureIotHub', hub_name: 'h' };
    await fails(particle.createIntegration({ event: 'e', settings: azure, product, auth }), 501);
  },
  async editIntegration() {
    const auth = await serverToken();
    const settings = { integration_type: 'GoogleCloudPubSub', topic: 'projects/p/topics/t' };
    const { body } = await particle.createIntegration({ event: 'no-such-event', settings, product, auth });
    const edited = await particle.editIntegration({
      integrationId: body.id, event: 'no-other-event', settings: { topic: 'projects/p/topics/u' }, product, auth,
    });
    assert.equal(edited.body.integration.event, 'no-other-event');
    assert.equal(edited.body.integration.topic, 'projects/p/topics/u');
    await particle.deleteIntegration({ integrationId: body.id, product, auth });
  },
  async deleteIntegration() {
    const auth = await serverToken();
    const settings = { integration_type: 'Webhook', url: 'http://127.0.0.1:9/' };
    const { body } = await particle.createIntegration({ event: 'no-such-event', settings, product, auth });
    assert.equal((await particle.deleteIntegration({ integrationId: body.id, product, auth })).statusCode, 204);
  },
  async listIntegrations() {
    const auth = await serverToken();
    const settings = { integration_type: 'Webhook', url: 'http://127.0.0.1:9/' };
    const { body } = await particle.createIntegration({ event: 'no-such-event', settings, product, auth });
    const listed = (await particle.listIntegrations({ product, auth })).body;
    assert.ok(listed.some(({ id }) => id === body.id));
    await particle.deleteIntegration({ integrationId: body.id, product, auth });
  },
  async getUserInfo() {
    const { body } = await particle.getUserInfo({ auth: await login() });
    assert.equal(body.username, username);
    assert.deepEqual(body.mfa, { enabled: false });
  },
  async setUserInfo() {
    const user = await newUser();
    await particle.setUserInfo({ accountInfo: { last_name: 'Doe' }, auth: user.auth });
    const { account_info: info } = (await particle.getUserInfo({ auth: user.auth })).body;
    assert.deepEqual(info, { first_name: 'Jo', last_name: 'Doe' });
  },
  async changeUsername() {
    const user = await newUser();
    await particle.changeUsername({ currentPassword: 'first-password', username: 'changed@example.com', auth: user.auth });
    await particle.login({ username: 'changed@example.com', password: 'first-password' });
    await fails(particle.login({ username: user.name, password: 'first-password' }), 400);
  },
  async changeUserPassword() {
    const user = await newUser();
    const change = { password: 'second-password', auth: user.auth };
    await fails(particle.changeUserPassword({ ...change, currentPassword: 'wrong' }), 400);
    await particle.changeUserPassword({ ...change, currentPassword: 'first-password', invalidateTokens: true });
    await fails(particle.getUserInfo({ auth: user.auth }), 401);
    await particle.login({ username: user.name, password: 'second-password' });
  },
  async listOAuthClients() {
    const { body } = await particle.listOAuthClients({ product, auth: await serverToken() });
    const known = body.clients.find(({ id }) => id === clientId);
    assert.equal(known.name, 'backend');
    assert.equal(known.secret, undefined);
  },
  async createOAuthClient() {
    const auth = await login();
    const { body } = await particle.createOAuthClient({ name: 'My app', type: 'installed', product, auth });
    assert.match(body.client.secret, HEX_40);
    const app = new Particle({ baseUrl, clientId: body.client.id, clientSecret: body.client.secret });
    await app.createCustomer({ email: 'of-new-client@example.com', password: 'p', product });
    assert.match((await app.login({ username: 'of-new-client@example.com', password: 'p' })).body.access_token, HEX_40);
    await fails(particle.createOAuthClient({ name: 'x', type: 'web', product, auth }), 400);
  },
  async updateOAuthClient() {
    const auth = await login();
    const { client } = (await particle.createOAuthClient({ name: 'c', type: 'installed', product, auth })).body;
    const { body } = await particle.updateOAuthClient({ clientId: client.id, name: 'd', scope: 'customers:create', product, auth });
    assert.deepEqual([body.client.name, body.client.scope], ['d', 'customers:create']);
  },
  async deleteOAuthClient() {
    const auth = await login();
    const { client } = (await particle.createOAuthClient({ name: 'e', type: 'installed', auth })).body;
    assert.equal((await particle.deleteOAuthClient({ clientId: client.id, auth })).statusCode, 204);
    const { body } = await particle.listOAuthClients({ auth });
    assert.ok(!body.clients.some(({ id }) => id === client.id));
  },
  async listProducts() {
    const { body } = await particle.listProducts({ auth: await login() });
    assert.ok(body.products.some(({ id }) => id === product));
  },
  async getProduct() {
    const auth = await serverToken();
    const { body } = await particle.getProduct({ product, auth });
    assert.equal(body.product.id, product);
    assert.equal((await particle.getProduct({ product: body.product.slug, auth })).body.product.id, product);
    await fails(particle.getProduct({ product: 99, auth }), 404, (error) => {
      assert.equal(error.body.error, 'Product not found.');
    });
  },
  async listTeamMembers() {
    const { body } = await particle.listTeamMembers({ product, auth: await login() });
    assert.ok(body.team.some((member) => member.username === username));
  },
  async inviteTeamMember() {
    const { body } = await particle.inviteTeamMember({ username: 'colleague@example.com', product, auth: await login() });
    assert.deepEqual(body, { ok: true, invited: { username: 'colleague@example.com' } });
  },
  async removeTeamMember() {
    const auth = await login();
    const user = await newUser();
    await particle.inviteTeamMember({ username: user.name, product, auth });
    await particle.getProduct({ product, auth: user.auth });
    await particle.removeTeamMember({ username: user.name, product, auth });
    await fails(particle.getProduct({ product, auth: user.auth }), 403);
  },
  async lookupSerialNumber() {
    const device = await makeDevice();
    const { body } = await particle.lookupSerialNumber({ serialNumber: device.serialNumber, auth: await login() });
    assert.equal(body.ok, true);
    assert.equal(body.deviceID, device.id);
  },
};

// What the simulator leaves out: arguments that are enough for a request.

const someArguments = {
  name: 'x', uri: '/v1/binaries/x', binaryId: 'x', key: 'k', iccid: '8901', version: 1,
  file: Buffer.from('x'), files: { 'a.ino': Buffer.from('x') }, archive: Buffer.from('x'), title: 't', config: {},
  product, productId: product, logic: {}, logicFunction: {}, logicFunctionId: 'x', logicRunId: 'x', ledger: {},
  ledgerName: 'x', scopeValue: 'x', instance: {}, ops: [], value: 'v', when: 'Connect', action: 'prepare',
};

const INTERNAL = /^(_|constructor$)/;
// They only prepare, or send whatever they are given.
const GENERIC = new Set([
  'client', 'delete', 'deviceUri', 'get', 'head', 'patch', 'post', 'put', 'request', 'setBaseUrl', 'setContext',
  'setDefaultAuth',
]);

async function probe(method, deviceId, auth) {
  const given = { ...someArguments, deviceId, auth };
  if (/EnvVar/.test(method)) {
    delete given.deviceId;
    given.key = 'K';
  }
  await fails(particle[method](given), 501);
}

async function main() {
  const names = Object.getOwnPropertyNames(Particle.prototype).filter((name) => !INTERNAL.test(name) && !GENERIC.has(name));
  const unknown = Object.keys(supported).filter((name) => !names.includes(name));
  assert.deepEqual(unknown, [], 'cases for methods that the package does not have');
  const auth = await login();
  const { id } = await makeDevice();
  for (const method of names) {
    const isSupported = method in supported;
    try {
      await (isSupported ? supported[method]() : probe(method, id, auth));
      console.log(JSON.stringify({ method, outcome: isSupported ? 'supported' : 'left out' }));
    } catch (error) {
      console.log(JSON.stringify({ method, outcome: 'failed', detail: error.stack ?? String(error) }));
    }
  }
}

// Explicitly, since the package's streams keep timers after they were closed.
main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
