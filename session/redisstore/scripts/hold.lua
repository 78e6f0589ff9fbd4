-- Takes a lock that nobody has, or prolongs one's own. Returns what is there afterwards: a lock, or a result.
-- KEYS: lock. ARGV: own lock, lease in milliseconds.
local there = redis.call('GET', KEYS[1])
if there and there ~= ARGV[1] then return there end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
