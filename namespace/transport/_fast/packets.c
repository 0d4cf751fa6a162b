/* The walk over whole socket buffers, as far as it is nothing but plain messages: what PacketStream._walk does, without its turns of the loop.

   It knows one thing: a whole PUBLISH of QoS 0 to a topic that was seen before. At whatever else - another packet, another QoS, properties, a
   new topic, a packet that is not all there or not in order - it stops before it, and the Python way goes on from there. So it has no errors
   of its own. Built by `make accelerate` alone; docs/explanations/decisions/0013-optional-compiled-step.md. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

static PyTypeObject *message_type;
static PyObject *at_most_once; /* 0 */

/* A length as every writer writes it: at most four digits, none of them superfluous; 0 digits where it is not there or otherwise. */
static int length_of(const uint8_t *at, const uint8_t *end, Py_ssize_t *length)
{
    Py_ssize_t found = 0;
    for (int digits = 0; digits < 4 && at + digits < end; digits++) {
        found |= (Py_ssize_t)(at[digits] & 127) << 7 * digits;
        if (at[digits] < 128) {
            *length = found;
            return at[digits] != 0 || digits == 0 ? digits + 1 : 0;
        }
    }
    return 0;
}

/* A Message, which is a tuple of topic, payload, QoS and retain. */
static PyObject *message_of(PyObject *topic, PyObject *payload, int is_retained)
{
    PyObject *message = message_type->tp_alloc(message_type, 4);
    if (message == NULL)
        return NULL;
    PyObject *parts[] = {topic, payload, at_most_once, is_retained ? Py_True : Py_False};
    for (int i = 0; i < 4; i++) {
        Py_INCREF(parts[i]);
        PyTuple_SET_ITEM(message, i, parts[i]);
    }
    return message;
}

PyDoc_STRVAR(walk_doc, "walk(data, position, topics, messages, is_v5, most)\n--\n\n"
"Append the plain messages from a position on; return (position, bytes of payload), where the first stands that is not plain.");

static PyObject *walk(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (count != 6 || message_type == NULL || !PyBytes_CheckExact(args[0]) || !PyDict_CheckExact(args[2]) ||
        !PyList_CheckExact(args[3])) {
        PyErr_SetString(PyExc_TypeError, "walk takes bytes, a position, topics, messages, is_v5 and a limit, after prepare");
        return NULL;
    }
    Py_ssize_t position = PyLong_AsSsize_t(args[1]), most = PyLong_AsSsize_t(args[5]);
    if (PyErr_Occurred())
        return NULL;
    const int is_v5 = PyObject_IsTrue(args[4]);
    const uint8_t *begin = (const uint8_t *)PyBytes_AS_STRING(args[0]), *end = begin + PyBytes_GET_SIZE(args[0]);
    unsigned long long bytes = 0;
    if (position < 0 || position > end - begin)
        position = end - begin;
    for (;;) {
        const uint8_t *at = begin + position;
        Py_ssize_t length, digits;
        if (end - at < 2 || (at[0] & 0xFE) != 0x30 || (digits = length_of(at + 1, end, &length)) == 0)
            break;
        const uint8_t *body = at + 1 + digits;
        if (length > most || length > end - body || length < 3)
            break;
        const uint8_t *stop = body + length, *name = body + 2;
        Py_ssize_t name_bytes = (Py_ssize_t)body[0] << 8 | body[1];
        if (name_bytes == 0 || name_bytes > stop - name)
            break;
        const uint8_t *start = name + name_bytes;
        if (is_v5 && (start == stop || *start++ != 0))
            break;
        PyObject *key = PyBytes_FromStringAndSize((const char *)name, name_bytes);
        if (key == NULL)
            return NULL;
        PyObject *topic = PyDict_GetItemWithError(args[2], key);
        Py_DECREF(key);
        if (topic == NULL) {
            if (PyErr_Occurred())
                return NULL;
            break;
        }
        PyObject *payload = PyBytes_FromStringAndSize((const char *)start, stop - start);
        if (payload == NULL)
            return NULL;
        PyObject *message = message_of(topic, payload, at[0] & 1);
        Py_DECREF(payload);
        if (message == NULL)
            return NULL;
        int failed = PyList_Append(args[3], message);
        Py_DECREF(message);
        if (failed)
            return NULL;
        bytes += (unsigned long long)(stop - start);
        position = stop - begin;
    }
    return Py_BuildValue("(nK)", position, bytes);
}

PyDoc_STRVAR(prepare_doc, "prepare(message_type)\n--\n\nLearn what a Message is: a tuple of four; once, before the first walk.");

static PyObject *prepare(PyObject *module, PyObject *type)
{
    (void)module;
    if (!PyType_Check(type) || !PyType_IsSubtype((PyTypeObject *)type, &PyTuple_Type))
        return PyErr_Format(PyExc_TypeError, "prepare takes a class of tuples");
    if (at_most_once == NULL && (at_most_once = PyLong_FromLong(0)) == NULL)
        return NULL;
    Py_INCREF(type);
    Py_XSETREF(message_type, (PyTypeObject *)type);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"prepare", prepare, METH_O, prepare_doc},
                                {"walk", (PyCFunction)(void (*)(void))walk, METH_FASTCALL, walk_doc},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "packets", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_packets(void) { return PyModule_Create(&definition); }
