#pragma once

// What Swift cannot import of librabbitmq's headers: macros with casts, variadic functions, flags of eventfd, timeval.

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/time.h>

static const uint8_t crabbitmq_frame_method = AMQP_FRAME_METHOD;
static const uint8_t crabbitmq_frame_header = AMQP_FRAME_HEADER;
static const uint8_t crabbitmq_frame_body = AMQP_FRAME_BODY;

static const amqp_method_number_t crabbitmq_connection_close = AMQP_CONNECTION_CLOSE_METHOD;
static const amqp_method_number_t crabbitmq_connection_close_ok = AMQP_CONNECTION_CLOSE_OK_METHOD;
static const amqp_method_number_t crabbitmq_connection_blocked = AMQP_CONNECTION_BLOCKED_METHOD;
static const amqp_method_number_t crabbitmq_connection_unblocked = AMQP_CONNECTION_UNBLOCKED_METHOD;
static const amqp_method_number_t crabbitmq_channel_open = AMQP_CHANNEL_OPEN_METHOD;
static const amqp_method_number_t crabbitmq_channel_close = AMQP_CHANNEL_CLOSE_METHOD;
static const amqp_method_number_t crabbitmq_channel_close_ok = AMQP_CHANNEL_CLOSE_OK_METHOD;
static const amqp_method_number_t crabbitmq_exchange_declare = AMQP_EXCHANGE_DECLARE_METHOD;
static const amqp_method_number_t crabbitmq_queue_declare = AMQP_QUEUE_DECLARE_METHOD;
static const amqp_method_number_t crabbitmq_queue_declare_ok = AMQP_QUEUE_DECLARE_OK_METHOD;
static const amqp_method_number_t crabbitmq_queue_bind = AMQP_QUEUE_BIND_METHOD;
static const amqp_method_number_t crabbitmq_queue_unbind = AMQP_QUEUE_UNBIND_METHOD;
static const amqp_method_number_t crabbitmq_queue_delete = AMQP_QUEUE_DELETE_METHOD;
static const amqp_method_number_t crabbitmq_basic_qos = AMQP_BASIC_QOS_METHOD;
static const amqp_method_number_t crabbitmq_basic_consume = AMQP_BASIC_CONSUME_METHOD;
static const amqp_method_number_t crabbitmq_basic_cancel = AMQP_BASIC_CANCEL_METHOD;
static const amqp_method_number_t crabbitmq_basic_deliver = AMQP_BASIC_DELIVER_METHOD;
static const amqp_method_number_t crabbitmq_basic_return = AMQP_BASIC_RETURN_METHOD;
static const amqp_method_number_t crabbitmq_basic_ack = AMQP_BASIC_ACK_METHOD;
static const amqp_method_number_t crabbitmq_basic_nack = AMQP_BASIC_NACK_METHOD;
static const amqp_method_number_t crabbitmq_confirm_select = AMQP_CONFIRM_SELECT_METHOD;

static const amqp_flags_t crabbitmq_has_headers = AMQP_BASIC_HEADERS_FLAG;
static const amqp_flags_t crabbitmq_has_delivery_mode = AMQP_BASIC_DELIVERY_MODE_FLAG;
static const amqp_flags_t crabbitmq_has_correlation_id = AMQP_BASIC_CORRELATION_ID_FLAG;
static const amqp_flags_t crabbitmq_has_message_id = AMQP_BASIC_MESSAGE_ID_FLAG;
static const amqp_flags_t crabbitmq_has_type = AMQP_BASIC_TYPE_FLAG;

static const int crabbitmq_reply_success = AMQP_REPLY_SUCCESS;

// A frame size as the library's default; the broker may ask for less.
static inline amqp_rpc_reply_t crabbitmq_login(
    amqp_connection_state_t state, const char *vhost, int heartbeat, const amqp_table_t *properties, const char *user,
    const char *password) {
    return amqp_login_with_properties(
        state, vhost, AMQP_DEFAULT_MAX_CHANNELS, AMQP_DEFAULT_FRAME_SIZE, heartbeat, properties,
        AMQP_SASL_METHOD_PLAIN, user, password);
}

// How long a connection may take to be made, and the broker's answer to a farewell.
static inline void crabbitmq_set_timeouts(amqp_connection_state_t state, int handshake_seconds, int answer_seconds) {
    struct timeval handshake = {.tv_sec = handshake_seconds};
    struct timeval answer = {.tv_sec = answer_seconds};
    amqp_set_handshake_timeout(state, &handshake);
    amqp_set_rpc_timeout(state, &answer);
}

static inline int crabbitmq_open(amqp_socket_t *socket, const char *host, int port, int seconds) {
    struct timeval timeout = {.tv_sec = seconds};
    return amqp_socket_open_noblock(socket, host, port, &timeout);
}

// AMQP_STATUS_TIMEOUT when no frame is there.
static inline int crabbitmq_receive(amqp_connection_state_t state, amqp_frame_t *frame) {
    struct timeval none = {0};
    return amqp_simple_wait_frame_noblock(state, frame, &none);
}

static inline int crabbitmq_eventfd(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}
