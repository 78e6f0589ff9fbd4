-- Writes the mark of a provider, unless the key has a higher one. KEYS: mark. ARGV: mark, TTL in
-- milliseconds.
local old, keep = redis.call('GET', KEYS[1]), tonumber(ARGV[2])
if old and old >= ARGV[1] then return 'marked' end
keep = math.max(keep, redis.call('PTTL', KEYS[1]))
redis.call('SET', KEYS[1], ARGV[1], 'PX', string.format('%.0f', keep))
return 'marked'
