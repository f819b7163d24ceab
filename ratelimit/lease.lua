-- The central bucket of one caller: all limits of a set in one key, asked, charged and written in one step.
--
-- KEYS[1]  the bucket                KEYS[2]  since when this part of the key space has an unbroken history
-- ARGV     1 what to do when history was lost: reset, remember, hold
--          2 lease: how long (us) after the ask granted units may be spent; 0: at once (strict mode)
--          3 need: fewer than that are of no use        4 want: more than that are not
--          5 debt: units admitted without a grant       6 units to give back    7 ... of a grant made at (us)
--          8 generation and 9 version of the last answer that the asking node had about this bucket; '-' and 0: none
--          then five for each limit: id, kind (bucket, sliding, fixed), size, period (us; month, year), rate
-- Answers  'G granted usable_us granted_at version generation ttl_ms retry_us' and for each limit ' remaining reset_us'
--          (retry_us: when to ask again at the earliest; -1: never), or 'E reason' when this key cannot be used.
--
-- docs/redis.md has the proof. Times are microseconds; all counts are whole and below 2^53, where doubles are exact.
local LOG_BLOCKS = 16  -- a sliding window's log: units are logged in blocks of ceil(size / LOG_BLOCKS)

local on_loss = ARGV[1]
local lease, need, want, debt = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local returned, returned_of = tonumber(ARGV[6]), tonumber(ARGV[7])
local seen_generation, seen_version = ARGV[8], tonumber(ARGV[9])

local limits = {}
for i = 10, #ARGV, 5 do
  local period = ARGV[i + 3]
  limits[#limits + 1] = {
    id = ARGV[i], kind = ARGV[i + 1], size = tonumber(ARGV[i + 2]),
    period = tonumber(period), calendar = period, rate = tonumber(ARGV[i + 4]),
  }
end

-- ---- The state, and the clock ----

local time = redis.call('TIME')
local clock = tonumber(time[1]) * 1000000 + tonumber(time[2])

local raw = redis.pcall('GET', KEYS[1])
if type(raw) == 'table' then return 'E ' .. (string.match(raw.err, '^%u+') or 'ERR') end
local state
if raw then
  local read, value = pcall(cmsgpack.unpack, raw)
  if not read or type(value) ~= 'table' or value.sluice ~= 1 then return 'E FOREIGN' end
  state = value
end

-- Another generation: the server was started anew, or is another one than before. (The second replication id changes
-- when a replica becomes the master; the first one also when the first replica comes.)
local function info(section, field)
  return string.sub(string.match(redis.call('INFO', section), field .. ':(%w+)'), 1, 16)
end
local generation = info('server', 'run_id') .. info('replication', 'master_replid2')

local dirty, lost_at = false, nil
if state == nil or state.generation ~= generation then
  local birth = redis.pcall('GET', KEYS[2])
  local since = type(birth) == 'string' and string.match(birth, '^' .. generation .. ' (%d+)$')
  if not since then
    since = string.format('%.0f', clock)
    redis.call('SET', KEYS[2], generation .. ' ' .. since)
  end
  if on_loss == 'hold' then lost_at = tonumber(since) end
  if state == nil then state = {sluice = 1, version = 0, clock = clock, ahead = 0, limits = {}} end
  -- What was granted under an earlier generation and is not in version `base` has been lost.
  state.generation, state.base = generation, state.version
  dirty = true
end

-- The clock of paces never goes back: it stays ahead by as much as the server's was set back.
if clock < state.clock then state.ahead, dirty = state.ahead + state.clock - clock, true end
state.clock = clock
local now = clock + state.ahead
if lost_at then lost_at = lost_at + state.ahead end

-- A node that has seen a later version than was restored proves a loss. Once is enough: it covers whatever was lost.
local proof = on_loss ~= 'reset' and seen_generation ~= '-' and seen_generation ~= generation
  and seen_version > state.base
if proof and state.proved ~= generation then lost_at, state.proved = now, generation end

-- ---- Kinds of limits ----

-- How long units that were granted earlier may still be out: the lease of now, or the longer one of before.
local function longest_lease(s) return s.lease and s.lease > lease and now < s.until_us and s.lease or lease end
local function note_lease(s, hold)
  if lease >= longest_lease(s) then s.lease, s.until_us = lease, now + lease + hold end
end

-- Token bucket. missing: whole tokens taken and not yet back; part: of the next one that comes back.
local bucket = {}
function bucket.open(l, s)
  s.missing, s.part, s.at = s.missing or 0, s.part or 0, s.at or now
  -- Rounded down, by more than the arithmetic can round up.
  local back = math.max(0, s.part + (now - s.at) * l.rate / l.period * (1 - 2 ^ -40) - 2 ^ -50)
  local whole = math.floor(back)
  if whole >= s.missing then s.missing, s.part = 0, 0 else s.missing, s.part = s.missing - whole, back - whole end
  s.at = now
end
-- What the lease time may bring on top is taken off beforehand.
function bucket.size(l, s) return l.size - math.ceil(l.rate * longest_lease(s) / l.period) end
function bucket.left(l, s) return bucket.size(l, s) - s.missing end
function bucket.take(l, s, n)
  s.missing = s.missing + n
  note_lease(s, 0)
end
function bucket.give_back() end  -- would have to know how full the bucket had been meanwhile; it refills by itself
function bucket.burn(l, s, at)
  s.missing, s.part, s.at = math.max(s.missing or 0, l.size), 0, at
  bucket.open(l, s)
end
-- A debt may be of any size; more than a hundred years is no number for the server or a node.
local function until_back(l, s, tokens)
  return math.min(2 ^ 52, math.max(0, math.ceil((tokens - s.part) * l.period / l.rate) + 1))
end
function bucket.retry(l, s, n)
  if n > bucket.size(l, s) then return -1 end
  return until_back(l, s, n - bucket.left(l, s))
end
function bucket.reset(l, s) return s.missing == 0 and 0 or until_back(l, s, s.missing) end
bucket.alive = bucket.reset

-- Sliding window, strict. log: time, units, time, units …, oldest first; a block's time is that of its newest unit.
local sliding = {}
local function span(l, s) return l.period + longest_lease(s) end
function sliding.open(l, s)
  local old, log, total = s.log or {}, {}, 0
  for i = 1, #old, 2 do
    if old[i] > now - span(l, s) then
      log[#log + 1], log[#log + 2] = old[i], old[i + 1]
      total = total + old[i + 1]
    end
  end
  s.log, s.total = log, total
end
function sliding.left(l, s) return l.size - s.total end
local function log_units(l, s, n, at)
  local log = s.log
  if #log > 0 and log[#log] + n <= math.ceil(l.size / LOG_BLOCKS) then
    log[#log - 1], log[#log] = at, log[#log] + n
  else
    log[#log + 1], log[#log + 2] = at, n
  end
  s.total = s.total + n
end
function sliding.take(l, s, n)
  log_units(l, s, n, now)
  note_lease(s, span(l, s))
end
-- From the oldest block that can hold that grant on, while it surely is still counted.
function sliding.give_back(l, s, n, of)
  if of <= now - span(l, s) then return end
  for i = 1, #s.log, 2 do
    if s.log[i] >= of then
      local units = math.min(n, s.log[i + 1])
      s.log[i + 1], s.total, n = s.log[i + 1] - units, s.total - units, n - units
    end
  end
end
function sliding.burn(l, s, at)
  sliding.open(l, s)
  if sliding.left(l, s) > 0 and at > now - span(l, s) then
    log_units(l, s, sliding.left(l, s), math.max(at, s.log[#s.log - 1] or 0))
  end
end
function sliding.reset(l, s) return #s.log == 0 and 0 or s.log[#s.log - 1] + span(l, s) - now end
function sliding.retry(l, s, n)
  if n > l.size then return -1 end
  local left = sliding.left(l, s)
  for i = 1, #s.log, 2 do
    left = left + s.log[i + 1]
    if left >= n then return s.log[i] + span(l, s) - now end
  end
  return sliding.reset(l, s)  -- behind a debt so large that the sum is not exact
end
sliding.alive = sliding.reset

-- Fixed window, by the server's calendar in UTC: stepping the clock back carries the count along.
local fixed = {}
local DAY = 86400000000
-- Days since the epoch of the first of a month counted from year 0 (Hinnant, chrono-compatible low-level date
-- algorithms).
local function first_of(month)
  local year, m = math.floor(month / 12), month % 12
  if m < 2 then year = year - 1 end
  local era = math.floor(year / 400)
  local of_era = year - era * 400
  local day = math.floor((153 * ((m + 10) % 12) + 2) / 5)
  return era * 146097 + of_era * 365 + math.floor(of_era / 4) - math.floor(of_era / 100) + day - 719468
end
local function calendar_window(months)
  local days = math.floor(clock / DAY)
  local month = math.floor(days / 30.436875) + 1970 * 12  -- off by one at most
  while first_of(month) > days do month = month - 1 end
  while first_of(month + 1) <= days do month = month + 1 end
  month = month - month % months
  return first_of(month) * DAY, first_of(month + months) * DAY
end
local function window(l)
  if l.calendar == 'month' then return calendar_window(1) end
  if l.calendar == 'year' then return calendar_window(12) end
  local start = clock - clock % l.period
  return start, start + l.period
end
function fixed.open(l, s)
  l.start, l.stop = window(l)
  if not s.start or l.start > s.start then s.used = 0 end
  s.start = l.start
end
function fixed.left(l, s) return l.size - s.used end
function fixed.take(_, s, n) s.used = s.used + n end
function fixed.give_back(l, s, n, of)
  if of >= l.start + state.ahead then s.used = math.max(0, s.used - n) end
end
function fixed.burn(l, s, at)
  fixed.open(l, s)
  if at >= l.start + state.ahead then s.used = math.max(s.used, l.size) end
end
function fixed.retry(l, s, n)
  if n > l.size then return -1 end
  return n > fixed.left(l, s) and l.stop - clock or 0
end
function fixed.reset(l) return l.stop - clock end
function fixed.alive(l, s) return s.used == 0 and 0 or l.stop - clock end

local kinds = {bucket = bucket, sliding = sliding, fixed = fixed}

-- ---- The ask ----

local left, tightest = math.huge, nil
for _, l in ipairs(limits) do
  local s = state.limits[l.id]
  if not s or s.kind ~= l.kind then s = {kind = l.kind} end
  state.limits[l.id], l.s, l.of = s, s, kinds[l.kind]
  l.of.open(l, s)
  if lost_at then l.of.burn(l, s, lost_at) end
  if debt > 0 then l.of.take(l, s, debt) end
  if returned > 0 then l.of.give_back(l, s, returned, returned_of) end
  if l.of.left(l, s) < left then left, tightest = l.of.left(l, s), l end
end

-- Who asks for more than he needs gets his part of what is left: twice that of each ask served in the last lease time,
-- since a node that is kept short asks twice in it.
local function fair_part()
  local served = state.served or {since = now, count = 0, former = 0}
  if now - served.since >= lease then
    served.former = now - served.since < 2 * lease and served.count or 0
    served.since, served.count = now, 0
  end
  served.count = served.count + 1
  state.served = served
  return math.min(left, math.floor(2 * left / math.max(served.count, served.former)))
end

local granted, retry = 0, 0
if need > 0 and need <= left then
  granted = want > need and math.max(need, math.min(want, fair_part())) or need
  for _, l in ipairs(limits) do l.of.take(l, l.s, granted) end
  -- A bucket gives no more by asking more often.
  if granted < want and tightest.kind == 'bucket' then retry = lease / 2 end
elseif need > 0 then
  for _, l in ipairs(limits) do
    local wait = l.of.left(l, l.s) < need and l.of.retry(l, l.s, need) or 0
    if wait < 0 then retry = -1 end
    if retry >= 0 then retry = math.max(retry, wait) end
  end
end

local usable, alive = lease, lease
for _, l in ipairs(limits) do
  if l.kind == 'fixed' then usable = math.min(usable, l.stop - clock) end
  alive = math.max(alive, l.of.alive(l, l.s) + lease)
end
local ttl = math.ceil(alive / 1000) + 1000

if dirty or lost_at or granted + debt + returned > 0 then
  state.version = state.version + 1
  redis.call('SET', KEYS[1], cmsgpack.pack(state), 'PX', string.format('%.0f', ttl))
end

local answer = {
  string.format('G %.0f %.0f %.0f %.0f %s %.0f %.0f', granted, usable, now, state.version, generation, ttl, retry),
}
for _, l in ipairs(limits) do
  answer[#answer + 1] = string.format('%.0f %.0f', math.max(0, l.of.left(l, l.s)), l.of.reset(l, l.s))
end
return table.concat(answer, ' ')
