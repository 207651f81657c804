// Mutants that no test can notice, or none should: each with its reason, by file and change.

export const survivors: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'host/proxy/admission/tunnel_places.ts': {
    'left > 0 → true':
      'a zero that stays in the map counts as no entry: it costs the bytes of a name, of few clients',
    '> → >=': 'a zero that stays in the map counts as no entry: it costs the bytes of a name, of few clients',
  },
};
