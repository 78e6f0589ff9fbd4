-- Takes a free lock, or extends the caller's own. Returns the resulting value: a lock or a result.
-- KEYS: lock. ARGV: own lock, lease in milliseconds.
local there = redis.call('GET', KEYS[1])
if there and there ~= ARGV[1] then return there end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
