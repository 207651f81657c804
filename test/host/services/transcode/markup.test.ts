// Markup that few pages have and that browsers read all the same: what a reader sees of it, on every device.
import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../../../host/delegation/device.js';
import { hdmlErrors, html32Errors, wmlErrors } from './judges.js';
import { run } from './run.js';

const judges: Record<string, (texts: string[]) => string> = {
  wap: wmlErrors,
  hdml: hdmlErrors,
  chtml: html32Errors,
};

async function shown(preset: string, body: string): Promise<string> {
  const profile = PRESETS.get(preset)!;
  const { text, bytes } = await run({ headers: [['Content-Type', 'text/html']], body, profile });
  expect(judges[preset]?.([text]) ?? '').toBe('');
  return new TextDecoder(profile.charset === 'us-ascii' ? 'ascii' : profile.charset).decode(bytes);
}

/** What stands between the tags, white space as one; readers of WML and HDML see no titles. */
const words = (markup: string) =>
  markup
    .replace(/<head>[\s\S]*?<\/head>|<title>[\s\S]*?<\/title>|<[^>]*>/g, ' ')
    .replace(/&quot;/g, '"')
    .replace(/\s+/g, ' ')
    .trim();

describe.each([...PRESETS.keys()])('for %s', (preset) => {
  test('a document in an attribute stands in the place of its frame', async () => {
    const text = await shown(
      preset,
      '<p>Before<iframe srcdoc="<title>T</title><style>p{}</style><body onload=x()><p>Inside <a href=in.html>link</a>' +
        '<script>x</script><iframe srcdoc=&quot;<p>Twice</p>&quot;></iframe></body>">no frames</iframe>' +
        '<iframe width=1 srcdoc="<p>Counter</p>"></iframe><iframe style="display:none" srcdoc="<p>Unseen"></iframe><p>After',
    );
    expect(words(text)).toMatch(/Before Inside link(\[1\])? Twice After/);
    expect(text).toContain('in.html');
    expect(text).not.toMatch(/no frames|Counter|Unseen|p\{\}|x\(\)|>T</);
  });

  test('a recording without an address leaves what the page says in its place', async () => {
    const text = await shown(
      preset,
      '<video controls><p>Get <a href=v.mp4>the video</a></p></video><audio><source src=a.mp3>no audio</audio>' +
        '<video><b>Bold</video> on</b>',
    );
    expect(words(text)).toMatch(/Get the video.* audio: a\.mp3.* Bold on/);
    expect(text).toContain('v.mp4');
    expect(text).not.toContain('no audio');
  });

  test('what is for browsers without plug-ins, or in a shadow tree, shows; a template does not', async () => {
    const text = await shown(
      preset,
      '<noembed><p>No plug-in: <a href=n.html>text</a></noembed><x-y><template shadowrootmode=open><p>Shadow</p></template>' +
        '</x-y><template><p>Template</p></template>',
    );
    expect(words(text)).toMatch(/No plug-in: text.* Shadow/);
    expect(text).not.toContain('Template');
    expect(text).toContain('n.html');
  });

  test('the last that a style says of display counts', async () => {
    const text = await shown(
      preset,
      '<p style="display:none;display:block">One<p style="display:block;display:none">Two' +
        '<p style="display:none!important;display:block">Three<p style="x-display:none">Four',
    );
    expect(words(text)).toMatch(/^One Four/);
  });

  test('titles after the first show nowhere', async () => {
    const text = await shown(preset, '<title>First</title><p>Text</p><title>Second</title><p>More');
    expect(text).toContain('First');
    expect(words(text)).toMatch(/Text More/);
    expect(text).not.toContain('Second');
  });

  test('readings stand in brackets, whether or not the page has them', async () => {
    const text = await shown(preset, '<ruby>ab<rt>xy</ruby> <ruby>cd<rp>[<rt>zw<rp>]</ruby>.');
    expect(words(text)).toContain('ab(xy) cd(zw).');
  });

  test('the first base that leads somewhere is the base', async () => {
    const text = await shown(
      preset,
      '<base href="javascript:0"><base target=x><base href="/root/"><base href="https://other.example/"><a href=a>a</a>',
    );
    expect(text).toMatch(/\/root\/(a|")/);
    expect(text).not.toMatch(/other\.example|<base>/);
  });

  test('a link whose picture has no text has a name where the picture does not show', async () => {
    const text = await shown(
      preset,
      '<a href=/one.html><span><img src=a.png></span></a> <a href=/two.html><img src=b.png alt="">Two</a> ' +
        '<a href=/three.html title=Three><img src=c.png></a>',
    );
    expect(text.replace(/(href|dest|src)="[^"]*"|https:\S+/gi, '')).toMatch(
      /one\.html[\s\S]*Two[\s\S]*Three/,
    );
    expect(text).not.toMatch(/alt="two\.html"|picture: two/);
  });

  test('a picture that its style makes a pixel is left out', async () => {
    const text = await shown(preset, '<p>A<img src=t.gif alt=count style="width:1px; height:1px">B');
    expect(words(text)).toContain('AB');
    expect(text).not.toContain('count');
  });

  test('a form whose fields and button stand elsewhere has them, and no button of its own', async () => {
    const late = await shown(
      preset,
      '<form id=f action=/a></form><p>Text<input form=f name=late value=v><button form=f>Go</button>',
    );
    expect(late).toMatch(/late/);
    expect(late).toMatch(/Go/);
    expect(late).not.toMatch(/>OK|\[OK|"OK"/);
    const early = await shown(
      preset,
      '<input form=f name=early value=v><form id=f action=/a><button>Go</button></form>',
    );
    expect(early).toMatch(/early/);
    const buttonless = await shown(preset, '<form id=f action=/a></form><p>Text<input form=f name=late>');
    if (!buttonless.includes('form="f"')) expect(buttonless).toMatch(/Text[\s\S]*OK/);
  });
});
