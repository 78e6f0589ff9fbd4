-- Counts the marks of a provider. Returns the count in 10 digits, the epoch of the mark that has
-- replaced earlier ones in 20 digits, and the names of some replaced marks, to be deleted.
-- KEYS: counted marks, replaced marks, epoch of the replacement. ARGV: epoch, last expired epoch,
-- TTL in milliseconds, names.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
for i = 4, #ARGV do
  redis.call('ZADD', KEYS[1], ARGV[1], ARGV[i])
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
local count = string.format('%010d', redis.call('ZCARD', KEYS[1]))
local by = redis.call('GET', KEYS[3])
if not by then return count .. string.rep('0', 20) end
local popped = redis.call('ZPOPMIN', KEYS[2], 16)
local names = {}
for i = 1, #popped, 2 do
  names[#names + 1] = popped[i]
end
return count .. by .. table.concat(names)
