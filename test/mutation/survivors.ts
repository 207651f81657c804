// Mutants that no test can notice, or none should: each with its reason, by file and change.

export const survivors: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'host/proxy/exchange/in_step.ts': {
    '&& → ||':
      'a length that is not zero stands in a field that is none of the plain ones: two checks see it',
  },
  'host/proxy/admission/strangers.ts': {
    '|| → &&': 'an entry has a crowd, always: the other half is there for the compiler',
    '> → >=': 'of two crowds, or two stages, of one size either may give way',
    'oldest === undefined → false':
      'who gives way has somebody in its fullest stage: it is there for the compiler',
    'tail === undefined → false': 'an address without :: has eight groups, and so no zeros to put in',
  },
  'host/proxy/admission/tunnel_places.ts': {
    'left > 0 → true':
      'a zero that stays in the map counts as no entry: it costs the bytes of a name, of few clients',
    '> → >=': 'a zero that stays in the map counts as no entry: it costs the bytes of a name, of few clients',
  },
};
