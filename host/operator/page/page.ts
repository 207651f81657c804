// The operator's page in the browser. Everything that comes from outside is set as text, never as markup.
import type { DeviceView, OperatorView, SessionView, SiteView } from '../view.js';

const byId = (id: string) => document.getElementById(id)!;

/** What a grant lets the proxy do, for the person who wonders. */
const GRANTS: Readonly<Record<string, string>> = {
  observe: 'The proxy can read, and write nothing.',
  epoch: "The proxy can read and write until the client's next change of keys.",
  session: 'The proxy can read and write on this connection.',
  resume: 'The proxy can also open further connections to this origin.',
  full: 'The proxy has all that the session allows.',
};

/** Keeps the children of `list` in step with `items`; a child lives as long as its item, and so does its focus. */
function keep<T>(
  list: HTMLElement,
  items: readonly T[],
  keyOf: (item: T) => string,
  make: (item: T) => HTMLElement,
  update: (element: HTMLElement, item: T) => void,
): void {
  const before = new Map([...list.children].map((child) => [(child as HTMLElement).dataset.key!, child]));
  for (const [at, item] of items.entries()) {
    const key = keyOf(item);
    let element = before.get(key) as HTMLElement | undefined;
    if (element === undefined) {
      element = make(item);
      element.dataset.key = key;
    }
    before.delete(key);
    update(element, item);
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  }
  for (const gone of before.values()) gone.remove();
}

function element(name: string, className = '', text = ''): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.textContent = text;
  return made;
}

const part = (within: HTMLElement, className: string) => within.querySelector<HTMLElement>(`.${className}`)!;

function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

function makeSession(session: SessionView): HTMLElement {
  const row = element('li', 'session');
  const columns: [string, string[]][] = [
    ['where', ['main origin', 'sub latest']],
    ['who', ['main client', 'sub device']],
    ['power', ['badge', 'doubt']],
    ['figures', ['main bytes', 'sub age']],
  ];
  for (const [name, parts] of columns) {
    const column = element('div', name);
    for (const each of parts)
      column.append(element(each === 'badge' || each === 'doubt' ? 'span' : 'div', each));
    row.append(column);
  }
  const act = element('div', 'act');
  const button = element('button', 'end', 'End …') as HTMLButtonElement;
  button.type = 'button';
  button.setAttribute('aria-label', `End the session of ${session.client} with ${authority(session)}`);
  button.addEventListener('click', () => ask(session, button));
  act.append(button);
  row.append(act);
  return row;
}

function updateSession(row: HTMLElement, session: SessionView): void {
  setText(part(row, 'origin'), authority(session));
  const protocol = [session.tls && `TLS ${session.tls}`, session.suite, session.leg]
    .filter(Boolean)
    .join(' · ');
  setText(part(row, 'latest'), session.latest || protocol || 'handshake under way');
  part(row, 'where').title = [authority(session), session.latest, protocol, session.id]
    .filter(Boolean)
    .join('\n');
  setText(part(row, 'client'), session.client);
  setText(part(row, 'device'), session.device);
  const badge = part(row, 'badge');
  setText(badge, session.grant || session.state);
  badge.dataset.grant = session.grant;
  badge.title = GRANTS[session.grant] ?? 'The proxy relays, and can read nothing.';
  const doubt = part(row, 'doubt');
  setText(doubt, session.unverified && 'unverified');
  doubt.title = session.unverified && `The client's word alone: ${session.unverified}`;
  setText(part(row, 'bytes'), size(session.clientBytes));
  const count = `${session.requests} request${session.requests === 1 ? '' : 's'}`;
  setText(part(row, 'age'), `${age(Date.now() - session.since)}, ${count}`);
}

function makeSite(): HTMLElement {
  const item = element('li');
  const bar = document.createElement('progress');
  bar.max = 100;
  item.append(element('span', 'name'), element('span', 'amount'), bar);
  return item;
}

function updateSite(item: HTMLElement, { host, responses, bytesBefore, bytesAfter }: SiteView): void {
  const saved = bytesBefore - bytesAfter;
  const share = bytesBefore > 0 ? Math.max(0, Math.round((100 * saved) / bytesBefore)) : 0;
  setText(part(item, 'name'), host);
  setText(
    part(item, 'amount'),
    `${size(bytesBefore)} → ${size(bytesAfter)} in ${responses} answer${responses === 1 ? '' : 's'}, ${share} %`,
  );
  const bar = item.querySelector('progress')!;
  bar.value = share;
  bar.setAttribute('aria-label', `${share} percent saved on ${host}`);
}

const makeLine = () => {
  const item = element('li');
  item.append(element('time'), element('span', 'text'));
  return item;
};

function updateLine(item: HTMLElement, { at, text }: { at: number; text: string }): void {
  const time = item.querySelector('time')!;
  time.dateTime = new Date(at).toISOString();
  setText(time, new Date(at).toLocaleTimeString([], { hourCycle: 'h23' }));
  setText(part(item, 'text'), text);
}

/** When it was seen stands before it. */
function deviceText({
  device,
  client,
  board,
  firmware,
  roots,
  memory,
  counter,
  isHere,
  receipts,
}: DeviceView) {
  const last = receipts.at(-1);
  const facts = [
    device ? `${device} of ${client}` : client,
    board,
    firmware && `firmware ${firmware}`,
    roots > 0 && `roots ${roots}`,
    memory > 0 && `${size(memory * 1024)} at its peak`,
    device && `order ${counter}`,
    last && `last answer ${last.code} to ${last.counter}`,
    isHere ? 'here' : 'gone',
  ];
  return facts.filter(Boolean).join(' · ');
}

function show(view: OperatorView): void {
  const { sessions, sites, failures, audit, devices } = view;
  setText(byId('live'), view.sessionCount.toLocaleString());
  setText(byId('devices'), view.mainSessions.toLocaleString());
  setText(byId('requests'), view.requests.toLocaleString());
  const saved = view.bytesBefore - view.bytesAfter;
  setText(byId('saved'), size(Math.max(0, saved)));
  const share =
    view.bytesBefore > 0 ? ` (${Math.max(0, Math.round((100 * saved) / view.bytesBefore))} %)` : '';
  setText(byId('saved-share'), `saved of ${size(view.bytesBefore)}${share}`);

  byId('no-sessions').hidden = sessions.length > 0;
  keep(byId('session-list'), sessions, ({ id }) => id, makeSession, updateSession);
  const more = view.sessionCount - sessions.length;
  byId('more-sessions').hidden = more <= 0;
  setText(byId('more-sessions'), `and ${more} more, older ones`);

  byId('no-sites').hidden = sites.length > 0;
  keep(byId('site-list'), sites, ({ host }) => host, makeSite, updateSite);
  byId('no-failures').hidden = failures.length > 0;
  const failed = failures.map(({ at, code, client, host }) => ({
    at,
    text: `${code}: ${client} with ${host}`,
  }));
  const keyed = <T extends { at: number; text: string }>(lines: T[]) =>
    lines.map((line, i) => ({ ...line, key: `${i}` }));
  keep(byId('failure-list'), keyed(failed), ({ key }) => key, makeLine, updateLine);

  byId('fleet-section').hidden = devices.length === 0;
  const fleet = devices.map((device) => ({ at: device.seen, text: deviceText(device) }));
  keep(byId('fleet-list'), keyed(fleet), ({ key }) => key, makeLine, updateLine);

  byId('audit-section').hidden = audit === undefined;
  setText(
    byId('heads'),
    audit === undefined ? '' : `Head of the chain: ${audit.heads.join(', ') || 'no entry yet'}`,
  );
  const entries = [...(audit?.entries ?? [])].reverse();
  keep(byId('audit-list'), keyed(entries), ({ key }) => key, makeLine, updateLine);

  const workers = view.workers > 1 ? ` · ${view.workers} workers` : '';
  setStatus(
    view.stopping ? 'stopping' : 'on',
    `${view.stopping ? 'stopping' : 'listening'} on ${view.listening} · up ${age(Date.now() - view.started)}${workers} · ${view.version}`,
  );
}

function setStatus(kind: string, text: string): void {
  byId('dot').className = `dot ${kind}`;
  setText(byId('status'), text);
}

function ask(session: SessionView, button: HTMLButtonElement): void {
  const dialog = byId('confirm') as HTMLDialogElement;
  setText(byId('whose'), session.client);
  setText(byId('which'), authority(session));
  dialog.returnValue = 'keep';
  dialog.addEventListener(
    'close',
    () => {
      button.focus();
      if (dialog.returnValue === 'end') void end(session.id, button);
    },
    { once: true },
  );
  dialog.showModal();
}

async function end(id: string, button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  setText(button, 'Ending …');
  const response = await fetch(`/sessions/${id}/end`, { method: 'POST' }).catch(() => undefined);
  // One that is gone by itself is no failure.
  if (response?.ok || response?.status === 404) return;
  button.disabled = false;
  setText(button, 'End …');
  setStatus('lost', 'the session could not be ended: is the proxy still there?');
}

const authority = ({ host, port }: SessionView) =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d`;
}

const wantsDark = matchMedia('(prefers-color-scheme: dark)');
function setTheme(theme: string): void {
  document.documentElement.dataset.theme = theme;
}
setTheme(localStorage.getItem('theme') ?? (wantsDark.matches ? 'dark' : 'light'));
wantsDark.addEventListener('change', ({ matches }) => setTheme(matches ? 'dark' : 'light'));
byId('theme').addEventListener('click', () => {
  const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem('theme', theme);
  setTheme(theme);
});

let latest: OperatorView | undefined;
const live = new EventSource('/live');
live.addEventListener('message', ({ data }) => {
  latest = JSON.parse(data) as OperatorView;
  show(latest);
});
live.addEventListener('error', () => setStatus('lost', 'the proxy does not answer; trying again …'));
// Ages grow while nothing happens.
setInterval(() => latest !== undefined && live.readyState === EventSource.OPEN && show(latest), 1000);
