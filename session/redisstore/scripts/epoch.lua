-- Increases the epoch. KEYS: epoch. ARGV: minimum increase, lower limit, TTL in milliseconds.
local last = redis.call('GET', KEYS[1]) or '0'
local time = redis.call('TIME')
local epoch = tonumber(last)
if not epoch or epoch < 0 or epoch > 2 ^ 53 - 2 then
  return redis.error_reply('ERR sallyport: not an epoch')
end
epoch = math.max(epoch + ARGV[1], time[1] * 1000000 + time[2], tonumber(ARGV[2]))
local text = string.format('%.0f', epoch)
redis.call('SET', KEYS[1], text, 'PX', ARGV[3])
return text
