-- Replaces the caller's own lock, even if it has expired, with a result, or deletes it. Values of
-- other callers stay. KEYS: lock. ARGV: own lock, result or empty, TTL in milliseconds.
local there = redis.call('GET', KEYS[1])
if there and there ~= ARGV[1] then return 'left' end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 'released'
