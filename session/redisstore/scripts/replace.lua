-- Restarts the count of a provider's marks after a coarser mark has been written. Marks replaced
-- earlier have been deleted by now, or expire if deleting them failed repeatedly.
-- KEYS: counted marks, replaced marks, epoch of the replacement. ARGV: epoch of the coarser mark in
-- 20 digits, TTL in milliseconds, limit of marks.
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
