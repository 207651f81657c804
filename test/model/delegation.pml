/*
 * Two delegated sessions of one client: hand-over, revoke, take-back, TUNNEL and KeyUpdate, in every order in which the
 * messages can meet. The second session is the client's own, or the answer to a TUNNEL that the first one asks.
 *
 * Keys stand for their epoch, nonces for their sequence number. What a planted fault changes is behind FAULT_*.
 */
#define SESSIONS 2
#define MESSAGES 2
/* Each attempt of a session has two epochs of client keys: before and after its KeyUpdate. */
#define ATTEMPTS 2
#define EPOCHS 4
#define SEQUENCES 8
#define PREFIX 7 /* content that goes out before the delivery */
#define KEYUPDATE 6
#define OWN 5 /* a request of the proxy's own, on a session that answers a TUNNEL */

mtype = { RECORD, DATA, DELIVER, REVOKE, ACTIVE, FAILED, RETURNED, TUNNEL, DENY };

/* Conduits: kind, epoch, sequence number, content. DATA is plain content of the open leg. Each attempt has a conduit, and an id, of
 * its own: what comes late on another one is dropped. */
chan up[SESSIONS] = [3] of { mtype, byte, byte, byte };
/* The main session, in order: kind, attempt, and for DELIVER the records sent, for REVOKE the bytes written. */
chan said[SESSIONS] = [2] of { mtype, byte, byte };
/* Kind, attempt, and for RETURNED the records that the proxy sealed. */
chan heard[SESSIONS] = [3] of { mtype, byte, byte };

/* What nobody in the protocol sees. */
bool used[64];      /* (session, epoch, sequence) */
byte forwarded[16]; /* (session, content): times that the origin got it */
bool unseen[SESSIONS];
bool complete[SESSIONS];
bool revoked[SESSIONS];
bool tunnelled;

#define mine(s) (up[s]?[_,eval(2 * attempt),_,_] || up[s]?[_,eval(2 * attempt + 1),_,_])

inline seal(s, epoch, sequence) {
  assert(sequence < SEQUENCES && epoch < EPOCHS);
  /* No key and nonce ever protect two plaintexts. */
  assert(!used[(s * EPOCHS + epoch) * SEQUENCES + sequence]);
  used[(s * EPOCHS + epoch) * SEQUENCES + sequence] = true
}

inline arrive(s, content) {
  forwarded[s * 8 + content]++;
  /* No request reaches the origin twice. */
  assert(content == KEYUPDATE || content == PREFIX || forwarded[s * 8 + content] <= 1)
}

/* `lends`: the grant is epoch, and the session comes back; else it is session, and ends with a revoke. */
proctype Client(byte s; bool lends; bool answers) {
  byte attempt = 0, sent, written, next, sealed, sequence;
  bool isActive, revoking, over, back;
  if
  :: answers -> heard[s]?TUNNEL,_,_;
    if
    :: true
    :: said[s]!DENY,0,0; goto done /* its policy says no */
    fi
  :: else
  fi;
begin:
  sent = 0; written = 0; next = 1; isActive = false; revoking = false; over = false; back = false;
  /* A client that lies sends content before it delivers. */
  if
  :: attempt == 0 -> seal(s, 0, 0); up[s]!RECORD,0,0,PREFIX; sent = 1; unseen[s] = true
  :: true
  fi;
  said[s]!DELIVER,attempt,sent;
  do
  /* The request may follow DELIVER at once. */
  :: atomic {
    !answers && !revoking && !over && next <= MESSAGES && nfull(up[s]) ->
    up[s]!DATA,2 * attempt,0,next; next++; written++
  }
  :: atomic {
    !revoking && isActive && !over && nfull(said[s]) -> said[s]!REVOKE,attempt,written; revoking = true
  }
  :: atomic {
    heard[s]?[_,eval(1 - attempt),_] -> heard[s]?_,_,_
  }
  :: atomic {
    heard[s]?ACTIVE,eval(attempt),_ -> isActive = true
  }
  :: atomic {
    heard[s]?FAILED,eval(attempt),_ ->
    /* The proxy never forwards what it held: it is safe to try again. */
    if
    :: attempt + 1 < ATTEMPTS && !answers -> attempt++; goto begin
    :: else -> over = true
    fi
  }
  :: atomic {
    heard[s]?RETURNED,eval(attempt),sealed ->
    if
    :: !revoking -> said[s]!REVOKE,attempt,written; revoking = true
    :: else
    fi;
#ifdef FAULT_NONCE
    sequence = sent;
#else
    sequence = sent + sealed;
#endif
    /* New client keys at once: the KeyUpdate is the last record of the old ones. */
    seal(s, 2 * attempt, sequence); up[s]!RECORD,2 * attempt,sequence,KEYUPDATE;
    sequence = 0; back = true
  }
  :: atomic {
    back && !answers && next <= MESSAGES && nfull(up[s]) ->
    seal(s, 2 * attempt + 1, sequence); up[s]!RECORD,2 * attempt + 1,sequence,next; sequence++; next++
  }
  :: timeout -> break
  od;
done:
  skip
}

proctype Proxy(byte s; bool lends; bool uses) {
  byte relayed, counted, sequence, sealed, taken, promised, attempt, epoch, content;
  byte held[4]; byte holding, i;
  bool delivered, isActive, returned, own;
relay:
  relayed = 0; sealed = 0; taken = 0; promised = 0; holding = 0; delivered = false; isActive = false; returned = false;
  do
  /* Of an attempt that is over. */
  :: atomic {
    up[s]?[_,eval(2 - 2 * attempt),_,_] -> up[s]?_,_,_,_
  }
  :: atomic {
    up[s]?[_,eval(3 - 2 * attempt),_,_] -> up[s]?_,_,_,_
  }
  :: atomic {
    said[s]?[_,eval(1 - attempt),_] -> said[s]?_,_,_
  }
  /* Blind: whole records pass and are counted, up to the count that was delivered. */
  :: atomic {
    !isActive && !returned && up[s]?[RECORD,_,_,_] && mine(s) && (!delivered || relayed < counted) ->
    up[s]?RECORD,epoch,sequence,content; arrive(s, content); relayed++
  }
  :: atomic {
    !isActive && !returned && delivered && holding < 4 && (up[s]?[DATA,_,_,_] && mine(s)) ->
    up[s]?DATA,_,_,content; held[holding] = content; holding++
  }
  :: atomic {
    !delivered && said[s]?[DELIVER,eval(attempt),_] -> said[s]?DELIVER,_,counted; delivered = true
  }
  :: atomic {
    said[s]?DENY,_,_ -> goto done
  }
  :: atomic {
    delivered && !isActive && !returned && relayed == counted ->
    if
    :: true ->
#ifdef FAULT_UNSEEN
      complete[s] = true;
#else
      complete[s] = (counted == 0);
#endif
      isActive = true; sequence = counted;
      /* In a complete session nothing of an application went by unseen. */
      assert(!(complete[s] && unseen[s]));
      heard[s]!ACTIVE,attempt,0
    :: attempt + 1 < ATTEMPTS && !uses -> /* it can't take over */
#ifdef FAULT_TWICE
      for (i : 0 .. 3) { if :: i < holding -> arrive(s, held[i]) :: else fi }
#endif
      unseen[s] = false;
      heard[s]!FAILED,attempt,0; attempt++; goto relay
    fi
  }
  /* Active: the only writer toward the origin. */
  :: atomic {
    isActive && (holding > 0 || (up[s]?[DATA,_,_,_] && mine(s))) ->
    if
    :: holding > 0 -> content = held[0]; for (i : 0 .. 2) { held[i] = held[i + 1] }; holding--
    :: else -> up[s]?DATA,_,_,content
    fi;
    taken++; assert(!revoked[s]);
    seal(s, 2 * attempt, sequence); sequence++; sealed++; arrive(s, content)
  }
  :: atomic {
    isActive && uses && !own -> own = true; assert(!revoked[s]);
    seal(s, 2 * attempt, sequence); sequence++; sealed++; arrive(s, OWN)
  }
  :: atomic {
    isActive && s == 0 && !tunnelled -> tunnelled = true; heard[1]!TUNNEL,0,0
  }
  /* The origin changes its keys: who has those of one epoch can't go on. */
  :: atomic {
    isActive && lends -> isActive = false; returned = true; heard[s]!RETURNED,attempt,sealed
  }
  :: atomic {
    said[s]?[REVOKE,eval(attempt),_] ->
    said[s]?REVOKE,_,promised;
    if
    :: isActive && lends -> isActive = false; returned = true; revoked[s] = true; heard[s]!RETURNED,attempt,sealed
    :: returned -> revoked[s] = true
    :: else -> revoked[s] = true;
#ifndef FAULT_REVOKE
      goto done
#endif
    fi
  }
  /* Returned: content that was on its way is dropped, records pass blindly again. */
  :: atomic {
    returned && holding > 0 -> holding--
  }
  :: atomic {
    returned && (up[s]?[DATA,_,_,_] && mine(s)) -> up[s]?DATA,_,_,_
  }
  :: atomic {
    returned && up[s]?[RECORD,_,_,_] && mine(s) -> up[s]?RECORD,_,_,content; arrive(s, content)
  }
  :: timeout -> break
  od;
done:
  skip
}

init {
  bool lends[SESSIONS]; bool answers;
  if :: lends[0] = true :: lends[0] = false fi;
  if :: lends[1] = true :: lends[1] = false fi;
  if :: answers = true :: answers = false; tunnelled = true fi;
  atomic {
    run Client(0, lends[0], false); run Proxy(0, lends[0], false);
    run Client(1, lends[1], answers); run Proxy(1, lends[1], answers)
  }
}
