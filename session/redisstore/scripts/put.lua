-- Writes a record if the condition holds. Versions have 20 digits and compare as text, because Lua
-- numbers cannot hold 64 bits. Beyond the owner's limit, deletes the records that would expire first.
-- KEYS: record, index. ARGV: condition, version, tag, data, TTL in milliseconds, ID, limit of records.
local head = redis.call('GETRANGE', KEYS[1], 0, 35)
local found = #head > 0
if found and (#head < 36 or not head:find('^%d+%x+$')) then
  return redis.error_reply('ERR sallyport: not a record')
end
local version, tag = head:sub(1, 20), head:sub(21, 36)
if found and tag == ARGV[3] then
  return 'written' -- by this call, repeated because its answer was lost
end
local condition = ARGV[1]
if condition == 'absent' then
  if found then return 'changed' end
elseif condition ~= 'always' then
  if not found then return 'no record' end
  if version > ARGV[2] or version == ARGV[2] and condition == 'older' then return 'changed' end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[5]), ARGV[6])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - 1000))
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[5]) then
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
redis.call('SET', KEYS[1], ARGV[2] .. ARGV[3] .. ARGV[4], 'PX', ARGV[5])
if not found then
  local ids = redis.call('ZRANGE', KEYS[2], 0, -1)
  local extra = #ids - ARGV[7]
  for _, id in ipairs(ids) do
    if extra > 0 and id ~= ARGV[6] then
      redis.call('DEL', KEYS[2]:sub(1, -2) .. ':' .. id) -- the key of a record, on the same node
      redis.call('ZREM', KEYS[2], id)
      extra = extra - 1
    end
  end
end
return 'written'
