#pragma once

// What Swift cannot import of FFmpeg's headers: macros with casts, unions, variadic functions.

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/crc.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/samplefmt.h>
#include <libswresample/swresample.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

static const int cffmpeg_error_again = AVERROR(EAGAIN);
static const int cffmpeg_error_no_memory = AVERROR(ENOMEM);
static const int cffmpeg_error_input_output = AVERROR(EIO);
static const int cffmpeg_error_not_permitted = AVERROR(EPERM);
static const int cffmpeg_error_end_of_file = AVERROR_EOF;
static const int cffmpeg_error_exit = AVERROR_EXIT;
static const int cffmpeg_error_invalid_data = AVERROR_INVALIDDATA;
static const int cffmpeg_error_decoder_not_found = AVERROR_DECODER_NOT_FOUND;
static const int cffmpeg_error_encoder_not_found = AVERROR_ENCODER_NOT_FOUND;
static const int64_t cffmpeg_no_timestamp = AV_NOPTS_VALUE;

// Logs nothing. The decoder of AAC tells only by a message that a stream turned out to be HE-AAC too late for it: that is
// marked in its context, whose `opaque` is the user's.
static inline void cffmpeg_log_notice(void *context, int level, const char *format, va_list arguments) {
    (void)level;
    (void)arguments;
    if (context && format && strncmp(format, "Implicit SBR was found", 22) == 0) {
        ((AVCodecContext *)context)->opaque = context;
    }
}

static inline void cffmpeg_log_set_up(void) {
    av_log_set_level(AV_LOG_QUIET);
    av_log_set_callback(cffmpeg_log_notice);
}

// The mask of a layout in native order, 0 for any other order.
static inline uint64_t cffmpeg_layout_mask(const AVChannelLayout *layout) {
    return layout->order == AV_CHANNEL_ORDER_NATIVE ? layout->u.mask : 0;
}

// A layout with the channels of `mask`, or the usual one for `count` channels when the mask does not name so many.
static inline void cffmpeg_layout_set(AVChannelLayout *layout, uint64_t mask, int count) {
    if (mask == 0 || av_channel_layout_from_mask(layout, mask) < 0 || layout->nb_channels != count) {
        av_channel_layout_default(layout, count);
    }
}

// One component of an error message; `text` has at least AV_ERROR_MAX_STRING_SIZE bytes.
static inline void cffmpeg_error_text(int code, char *text) {
    av_strerror(code, text, AV_ERROR_MAX_STRING_SIZE);
}

// Input that refuses whatever URL a container names (`dref`, playlists, image sequences).
static inline int cffmpeg_refuse_open(
    AVFormatContext *context, AVIOContext **io, const char *url, int flags, AVDictionary **options) {
    (void)context;
    (void)io;
    (void)url;
    (void)flags;
    (void)options;
    return AVERROR(EPERM);
}

static inline void cffmpeg_refuse_other_input(AVFormatContext *context) {
    context->io_open = cffmpeg_refuse_open;
}
