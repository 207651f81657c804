// Five applications of one page, each with what its makers publish: they ask for stories and write them down.
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { compile } from 'svelte/compiler';

const STORIES = `const stories = (await Promise.all(['/api/stories', globalThis.OTHER + '/more'].map(async (url) => {
  const answer = await fetch(url, url === '/api/stories' ? { method: 'POST', body: '{"page":1}', headers: { 'Content-Type': 'application/json' } } : {});
  return answer.json();
}))).flat();`;

const SOURCES: Record<string, string> = {
  plain: `
    ${STORIES}
    const list = document.createElement('ul');
    for (const { title, path } of stories) {
      const link = Object.assign(document.createElement('a'), { href: path, textContent: title });
      list.appendChild(document.createElement('li')).appendChild(link);
    }
    document.getElementById('app').appendChild(list);`,
  react: `
    import { createElement as h, useEffect, useState } from 'react';
    import { createRoot } from 'react-dom/client';
    function App() {
      const [stories, setStories] = useState([]);
      useEffect(() => { (async () => { ${STORIES} setStories(stories); })(); }, []);
      return h('ul', null, stories.map(({ title, path }) => h('li', { key: path }, h('a', { href: path }, title))));
    }
    createRoot(document.getElementById('app')).render(h(App));`,
  vue: `
    import { createApp, h, onMounted, ref } from 'vue';
    createApp({
      setup() {
        const all = ref([]);
        onMounted(async () => { ${STORIES} all.value = stories; });
        return () => h('ul', all.value.map(({ title, path }) => h('li', h('a', { href: path }, title))));
      },
    }).mount('#app');`,
  angular: `
    import '@angular/compiler';
    import { Component, provideZonelessChangeDetection, signal } from '@angular/core';
    import { bootstrapApplication } from '@angular/platform-browser';
    class App {
      stories = signal([]);
      constructor() { void this.load(); }
      async load() { ${STORIES} this.stories.set(stories); }
    }
    Component({
      selector: '#app',
      template: '<ul>@for (each of stories(); track each.path) {<li><a [href]="each.path">{{ each.title }}</a></li>}</ul>',
    })(App);
    bootstrapApplication(App, { providers: [provideZonelessChangeDetection()] });`,
  svelte: `
    import { mount } from 'svelte';
    import App from 'app.svelte';
    mount(App, { target: document.getElementById('app') });`,
};

const SVELTE = `<script>
  let all = $state([]);
  (async () => { ${STORIES} all = stories; })();
</script>
<ul>{#each all as { title, path }}<li><a href={path}>{title}</a></li>{/each}</ul>`;

const svelteSource: Plugin = {
  name: 'svelte',
  setup(build) {
    build.onResolve({ filter: /\.svelte$/ }, ({ path }) => ({ path, namespace: 'svelte' }));
    build.onLoad({ filter: /.*/, namespace: 'svelte' }, () => ({
      contents: compile(SVELTE, { generate: 'client', filename: 'app.svelte' }).js.code,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    }));
  },
};

export const APPS = Object.keys(SOURCES);

/** One script, as its makers' tools would bundle it. */
export async function bundle(app: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: SOURCES[app]!,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      loader: 'js',
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['browser', 'production'],
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [svelteSource],
    logLevel: 'silent',
    minify: true,
  });
  return outputFiles[0]!.text;
}

export const pageOf = (app: string, other: string): string =>
  `<!doctype html><html><head><title>${app}</title><link rel="stylesheet" href="/app.css"></head><body><noscript>You need to enable JavaScript to run this app.</noscript><div id="app"></div><script>globalThis.OTHER = '${other}'</script><script type="module" src="/${app}.js"></script></body></html>`;
