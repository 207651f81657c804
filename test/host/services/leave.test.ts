// What an operator lists is left as it is, and nothing else.
import { expect, test } from 'vitest';
import { leaving } from '../../../host/services/leave.js';
import { type Flow, HeaderList, type Service } from '../../../host/services/service.js';

const calls: string[] = [];
const service: Service = {
  name: 'seen',
  request: ({ origin }) => {
    calls.push(origin.host);
    return { kind: 'answer', status: 403, headers: new HeaderList(), body: new Uint8Array() };
  },
  admits: () => false,
};
const flowOf = (host: string) => ({ origin: { host } }) as unknown as Flow;

test('sites that are left are no business of a service', async () => {
  const left = leaving(service, ['Bank.test']);
  expect(Object.keys(left)).toEqual(['name', 'request', 'admits']);
  for (const host of ['bank.test', 'www.BANK.test'])
    expect(await left.request!(flowOf(host))).toBeUndefined();
  for (const host of ['notbank.test', 'bank.test.evil', 'test'])
    expect(await left.request!(flowOf(host))).toMatchObject({ status: 403 });
  expect(calls).toEqual(['notbank.test', 'bank.test.evil', 'test']);
});

test('what a page fetches from there is admitted, and all that a page of theirs fetches', () => {
  const left = leaving(service, ['bank.test']);
  expect(left.admits!('https://cdn.bank.test/x.png', flowOf('page.test'))).toBe(true);
  expect(left.admits!('https://ads.test/x.png', flowOf('bank.test'))).toBe(true);
  expect(left.admits!('https://ads.test/x.png', flowOf('page.test'))).toBe(false);
  expect(left.admits!('no address', flowOf('page.test'))).toBe(false);
});
