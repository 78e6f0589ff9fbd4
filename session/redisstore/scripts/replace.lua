-- Begins to count anew, when the marks of a provider are too many and a coarser one is there. What
-- was replaced before has been deleted, unless that has failed often: then it expires.
-- KEYS: counted, replaced, by which. ARGV: number of the coarser mark in twenty digits, TTL in
-- milliseconds, most marks.
local by, keep = redis.call('GET', KEYS[3]), tonumber(ARGV[2])
if not by or by < ARGV[1] then
  keep = math.max(keep, redis.call('PTTL', KEYS[3]))
  redis.call('SET', KEYS[3], ARGV[1], 'PX', string.format('%.0f', keep))
end
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[3]) then
  redis.call('DEL', KEYS[2])
  redis.call('RENAME', KEYS[1], KEYS[2])
end
return 'replaced'
